'use strict'
// DynamoDB inside the process. index.d.ts has the contract of each function.
const path = require('node:path')
const { fileURLToPath } = require('node:url')

/** Loads the native half: STATOR_NODE if it is set, else that of the package. */
function loadNative() {
  const file = process.env.STATOR_NODE || path.join(__dirname, 'native', 'stator.node')
  try {
    return require(file)
  } catch (cause) {
    const { glibcVersionRuntime = 'none' } = process.report?.getReport?.().header ?? {}
    throw new Error(`stator: cannot load ${file}, which is for Linux with glibc 2.36 or later; this is ${process.platform} on ${process.arch}, ` +
      `glibc: ${glibcVersionRuntime}. ${cause.message}`, { cause })
  }
}

const native = loadNative()

// Clients need an address; nothing is ever sent to it (RFC 6761 reserves the name).
const ADDRESS = 'http://stator.invalid'
const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' }
// Requests that stay in the process need no signature.
const UNSIGNED = { sign: async (request) => request }
const DISPOSE = Symbol.dispose ?? Symbol.for('Symbol.dispose')

class OperationError extends Error {
  constructor(type, message, body, status) {
    super(message)
    this.name = type
    this.status = status
    this.body = body
  }
}

function milliseconds(moment) {
  const value = moment instanceof Date ? moment.getTime() : moment
  if (!Number.isFinite(value)) throw new TypeError('a time must be a Date or milliseconds since 1970')
  return Math.trunc(value)
}

/** A replacer for JSON.stringify, which would turn such a number into null, as if the option were missing. */
function finite(name, value) {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`"${name}" must be a finite number, not ${value}`)
  return value
}

/** Accepts file URLs as paths, like node:fs. */
function asPath(path) { return path instanceof URL ? fileURLToPath(path) : path }

class Database {
  #handle
  #efforts = new Map()
  #underWay = new Set() // calls running on threads of the pool
  #log // keeps the function reachable: nothing else does

  constructor(options = {}) {
    const { directory, sync, clock, transitionDelayMs, streamShards, readStalenessMs, indexLagMs, streamLagMs, stalenessSeed,
      enforceThroughput, buckets, log, ...unknown } = options
    for (const name of Object.keys(unknown)) throw new TypeError(`there is no option "${name}"`)
    if (log !== undefined && typeof log !== 'function') throw new TypeError('log must be a function')
    this.#log = log
    this.#handle = native.open(JSON.stringify({
      directory: asPath(directory), sync, buckets: asPath(buckets), clock_ms: clock === undefined ? undefined : milliseconds(clock),
      transition_delay_ms: transitionDelayMs, stream_shards: streamShards, read_staleness_ms: readStalenessMs,
      index_lag_ms: indexLagMs, stream_lag_ms: streamLagMs, staleness_seed: stalenessSeed, enforce_throughput: enforceThroughput,
    }, finite), log)
  }

  async close() {
    native.close(this.#handle)
    await Promise.allSettled(this.#underWay)
  }

  [DISPOSE]() { this.close() }
  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() { return this.close() }

  async call(operation, request = {}) {
    const reply = await this.request(operation, JSON.stringify(request))
    if (reply.holdMs > 0) await delay(reply.holdMs)
    if (reply.status === 0) throw connectionCut()
    const body = JSON.parse(reply.body.toString() || '{}') // with a status of 413 there is none
    if (reply.status !== 200) throw new OperationError(reply.errorType, reply.errorMessage, body, reply.status)
    return body
  }

  /** Calls that wait, or that read pages, run on another thread; for a single item, switching threads would take longer than the call. */
  async request(target, body, region = '') {
    let effort = this.#efforts.get(target)
    if (effort === undefined) {
      effort = native.effort(this.#handle, target)
      if (this.#efforts.size < 200) this.#efforts.set(target, effort)
    }
    if (effort === 0) return native.call(this.#handle, target, region, body)
    const reply = native.callAsync(this.#handle, target, region, body)
    const end = () => this.#underWay.delete(reply)
    this.#underWay.add(reply)
    reply.then(end, end)
    return reply
  }

  saveSnapshot(name) { native.saveSnapshot(this.#handle, name) }
  restoreSnapshot(name) { native.restoreSnapshot(this.#handle, name) }
  dropSnapshot(name) { native.dropSnapshot(this.#handle, name) }
  snapshots() { return JSON.parse(native.snapshots(this.#handle)) }
  reset() { native.reset(this.#handle) }

  simulate(rules) { native.simulate(this.#handle, typeof rules === 'string' ? rules : JSON.stringify(rules ?? {}, finite)) }
  simulated() { return JSON.parse(native.simulated(this.#handle)) }

  get clock() { return new Date(native.clock(this.#handle)) }
  setClock(moment) { native.setClock(this.#handle, milliseconds(moment)) }
  advanceClock(byMs) { native.advanceClock(this.#handle, milliseconds(byMs)) }

  handler(options = {}) { return new Handler(this, options) }

  clientConfig(options = {}) {
    const region = options.region ?? 'us-east-1'
    return {
      region,
      endpoint: ADDRESS,
      credentials: LOCAL_CREDENTIALS,
      signer: UNSIGNED,
      requestHandler: this.handler({ ...options, region }),
    }
  }

  attach(client, options = {}) {
    if (client?.config?.requestHandler === undefined) throw new TypeError('attach takes a client of the AWS SDK v3')
    release(client.config)
    redirect(client.config, this, options)
    return client
  }

  everywhere(...classes) {
    for (const each of classes) if (typeof each?.prototype?.send !== 'function') throw new TypeError('everywhere takes classes of clients of the AWS SDK v3')
    const everywhere = { database: this, prototypes: classes.map(({ prototype }) => prototype), undo: new Map() }
    for (const prototype of everywhere.prototypes) askInnermost(prototype)
    lasting.push(everywhere)
    const restore = () => {
      if (!lasting.includes(everywhere)) return
      lasting.splice(lasting.indexOf(everywhere), 1)
      for (const config of everywhere.undo.keys()) release(config)
      for (const prototype of everywhere.prototypes) if (--asking.get(prototype).count === 0) asking.get(prototype).end()
    }
    return { restore, [DISPOSE]: restore }
  }
}

// The active calls of everywhere(), the innermost at the end; which of them has redirected a configuration; and the prototypes whose `send` is
// wrapped.
const lasting = []
const leading = new WeakMap()
const asking = new Map()

function release(config) {
  const everywhere = leading.get(config)
  everywhere?.undo.get(config)()
  everywhere?.undo.delete(config)
  leading.delete(config)
}

function lead(client) {
  const { config } = client
  // A client that was configured for a database keeps it.
  if (config.requestHandler instanceof Handler && !leading.has(config)) return
  const innermost = lasting.findLast(({ prototypes }) => prototypes.some((prototype) => prototype.isPrototypeOf(client)))
  if (leading.get(config) === innermost) return
  release(config)
  if (innermost === undefined) return
  innermost.undo.set(config, redirect(config, innermost.database))
  leading.set(config, innermost)
}

function askInnermost(prototype) {
  const there = asking.get(prototype)
  if (there !== undefined) {
    ++there.count
    return
  }
  const own = Object.getOwnPropertyDescriptor(prototype, 'send')
  const { send } = prototype
  prototype.send = function (...request) {
    lead(this)
    return send.apply(this, request)
  }
  const end = () => {
    asking.delete(prototype)
    if (own) Object.defineProperty(prototype, 'send', own)
    else delete prototype.send
  }
  asking.set(prototype, { count: 1, end })
}

/** Redirects a client's configuration, as the SDK has resolved it, to `database`. Returns a function that undoes this. */
function redirect(config, database, options = {}) {
  const { requestHandler, signer, credentials } = config
  config.requestHandler = database.handler({ region: config.region, ...options })
  config.signer = async () => UNSIGNED
  config.credentials = async () => LOCAL_CREDENTIALS
  return () => Object.assign(config, { requestHandler, signer, credentials })
}

function abortError() {
  const error = new Error('Request aborted')
  error.name = 'AbortError'
  return error
}

/** Node's error for a closed socket, after which the SDK tries again. */
function connectionCut() {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}

function timeoutError(ms) {
  return Object.assign(new Error(`the request has exceeded its ${ms} ms`), { name: 'TimeoutError', code: 'ETIMEDOUT' })
}

/** Waits for `ms` milliseconds; rejects if the request is aborted meanwhile. */
function delay(ms, abortSignal) {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(abortError())
    }
    const timer = setTimeout(() => {
      abortSignal?.removeEventListener?.('abort', abort)
      resolve()
    }, ms)
    abortSignal?.addEventListener?.('abort', abort, { once: true })
  })
}

function header(headers, name) {
  if (headers[name] !== undefined) return headers[name]
  for (const key of Object.keys(headers)) if (key.toLowerCase() === name) return headers[key]
  return undefined
}

/** The AWS SDK's HttpHandler, without HTTP. */
class Handler {
  metadata = { handlerProtocol: 'http/1.1' }
  #database
  #region
  #requestTimeout
  #count = 0

  constructor(database, { region, requestTimeout } = {}) {
    this.#database = database
    this.#region = region
    this.#requestTimeout = requestTimeout
  }

  async handle(request, { abortSignal, requestTimeout = this.#requestTimeout } = {}) {
    if (abortSignal?.aborted) throw abortError()
    const scope = /Credential=[^/]*\/\d{8}\/([^/]+)\//.exec(header(request.headers, 'authorization') ?? '')
    const target = header(request.headers, 'x-amz-target')
    if (!target) {
      throw new Error('stator: only requests of DynamoDB and DynamoDB Streams are answered in process, ' +
        `not ${request.method} ${request.protocol}//${request.hostname}${request.path}`)
    }
    const region = typeof this.#region === 'function' ? await this.#region() : this.#region
    const reply = await this.#database.request(target, request.body ?? '', region ?? scope?.[1])
    if (abortSignal?.aborted) throw abortError()
    if (reply.holdMs > 0) {
      const isLate = requestTimeout > 0 && reply.holdMs > requestTimeout
      await delay(isLate ? requestTimeout : reply.holdMs, abortSignal)
      if (isLate) throw timeoutError(requestTimeout)
    }
    if (reply.status === 0) throw connectionCut()
    this.#count += 1
    return {
      response: {
        statusCode: reply.status,
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'content-length': String(reply.body.length),
          'x-amzn-requestid': `STATOR${String(this.#count).padStart(20, '0')}`,
        },
        body: reply.body,
      },
    }
  }

  updateHttpClientConfig(key, value) { if (key === 'requestTimeout') this.#requestTimeout = value }
  httpHandlerConfigs() { return { requestTimeout: this.#requestTimeout } }
  destroy() {}
}

let shared
function defaultDatabase() {
  shared ??= new Database()
  return shared
}

exports.Database = Database
exports.OperationError = OperationError
exports.defaultDatabase = defaultDatabase
exports.handler = (options) => defaultDatabase().handler(options)
exports.clientConfig = (options) => defaultDatabase().clientConfig(options)
exports.version = native.version()
