// Starts `stator serve` on a free port for a file's tests, and stops it again.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'

/** The settings that SDKs need besides the endpoint. */
export const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }

/** Without a server: the library of Stator's npm package, whose folder STATOR_IN_PROCESS names, answers in this process. */
const openStator = (options) => {
  const delay = options.indexOf('--transition-delay')
  const { Database } = createRequire(import.meta.url)(process.env.STATOR_IN_PROCESS)
  const database = new Database(delay < 0 ? {} : { transitionDelayMs: Number(options[delay + 1]) })
  return { clientOptions: database.clientConfig(), stop: () => database.close() }
}

/**
 * Starts a server in memory with these options, or opens a database in this process; pass `clientOptions` to the SDK's clients.
 */
export const startInMemory = async (...options) => {
  if (process.env.STATOR_IN_PROCESS) return openStator(options)
  const server = await startStator('--in-memory', ...options)
  return { clientOptions: { endpoint: server.endpoint, ...local }, stop: server.stop }
}

/** Starts a server with these options. `stop` ends it and fails unless its exit status is 0. */
export const startStator = async (...options) => {
  const server = spawn(process.env.STATOR_BIN, ['serve', '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  const endpoint = await new Promise((resolve, reject) => {
    let text = ''
    const read = (chunk) => {
      text += chunk
      const found = /http:\/\/[\w.:[\]-]+:\d+/.exec(text)
      if (found) resolve(found[0])
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    server.on('exit', () => reject(new Error(`stator serve ended: ${text}`)))
  })
  const stop = async () => {
    const ended = new Promise((resolve) => server.removeAllListeners('exit').on('exit', resolve))
    server.kill('SIGTERM')
    assert.equal(await ended, 0)
  }
  return { endpoint, stop }
}
