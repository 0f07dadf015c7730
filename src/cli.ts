#!/usr/bin/env node
/**
 * Where the program begins: sets up the cache of compiled sources, then hands over to the commands. Sources run as they are, and each thread
 * would otherwise load what strips their types: 20 MB and a quarter of a second for every worker.
 *
 * The cache lies beside the installed packages (or where NODE_COMPILE_CACHE says), belongs to whoever installed them, and may be missing or
 * read-only: then everything works as before.
 */
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Threads look at the environment when they start.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/qalqan', import.meta.url))
enableCompileCache(process.env.NODE_COMPILE_CACHE)

const { run } = await import('./commands.ts')
await run(process.argv.slice(2))
