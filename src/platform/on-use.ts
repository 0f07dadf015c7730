/**
 * Modules of Node's that are large and not always used, had when they are. To import `node:http` as a module reads each of its exports at once, and one of
 * them brings HTTP/2 and the client behind `fetch` along: 9 MB that nothing here asks for. TLS is another 6 MB.
 */
export const nodeHttp = () => process.getBuiltinModule('node:http')
export const nodeHttps = () => process.getBuiltinModule('node:https')
export const nodeTls = () => process.getBuiltinModule('node:tls')
