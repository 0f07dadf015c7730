/** For --require: a machine on which koffi was never built. */
const { Module } = require('node:module')

const load = Module._load
Module._load = function (request, ...rest) {
  if (request === 'koffi') throw new Error('koffi is not there')
  return load.call(this, request, ...rest)
}
