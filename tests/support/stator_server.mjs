// Starts `stator serve` on a free port for the tests of a file, and stops it again.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'

/** What SDKs need to know besides the endpoint. */
export const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }

/** A server with these options. `stop` ends it and fails unless its exit status is 0. */
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
