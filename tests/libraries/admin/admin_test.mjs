// dynamodb-admin in a real browser, on `stator serve --lenient`: typical first steps of a user. Ends with 77 (CTest:
// skipped) if there is no browser or the packages are not installed (./dev test installs them).
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { startStator } from '../../support/stator_server.mjs'

const skip = (why) => {
  console.log(`skipped: ${why}`)
  process.exit(77)
}

const which = (name) => {
  try {
    return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

const browserPath = which('chromium') ?? which('chromium-browser') ?? which('google-chrome')
if (!browserPath) skip('there is no chromium on the PATH (packages.txt, group browser)')
if (!existsSync(new URL('node_modules/dynamodb-admin', import.meta.url))) skip('dynamodb-admin is not installed (./dev test)')
const { default: puppeteer } = await import('puppeteer-core')

const startAdmin = (endpoint) => new Promise((resolve, reject) => {
  const program = createRequire(import.meta.url).resolve('dynamodb-admin').replace(/backend\.js$/, 'dynamodb-admin.js')
  const admin = spawn(process.execPath, [program, '--host', '127.0.0.1', '--port', '0', '--dynamo-endpoint', endpoint], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  admin.stdout.on('data', (chunk) => {
    text += chunk
    const found = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(text)
    if (found) resolve({ url: found[1], stop: () => admin.kill() })
  })
  admin.on('exit', (status) => reject(new Error(`dynamodb-admin ended with ${status}: ${text}`)))
})

const afternoon = async (page, url) => {
  const submit = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)])
  const body = () => page.$eval('body', (element) => element.innerText)
  const failure = async () => (await page.$eval('.error-container, #error-container, body', (element) => element.innerText)).slice(0, 500)

  await page.goto(url + '/create-table')
  await page.type('[name=TableName]', 'music')
  await page.type('[name=HashAttributeName]', 'artist')
  await page.select('[name=HashAttributeType]', 'S')
  await page.type('[name=RangeAttributeName]', 'year')
  await page.select('[name=RangeAttributeType]', 'N')
  await page.click('#new-index')
  const index = (name) => `[name=secondary-index-1-${name}]`
  await page.waitForSelector(index('IndexName'))
  await page.type(index('IndexName'), 'by-genre')
  await page.type(index('HashAttributeName'), 'genre')
  await page.select(index('HashAttributeType'), 'S')
  await page.type(index('RangeAttributeName'), 'year')
  await page.select(index('RangeAttributeType'), 'N')
  await submit('#saveButton')
  assert.match(await body(), /music/, await failure())

  for (let year = 1970; year < 1975; ++year) {
    await page.goto(url + '/tables/music/add-item')
    await page.evaluate((text) => editor.setValue(text), JSON.stringify({ artist: 'Can', year, genre: year < 1973 ? 'kraut' : 'rock', tracks: [{ title: 'é 😀', seconds: 1.5 }], live: false }))
    await submit('#saveButton')
    assert.match(page.url(), new RegExp(`/items/Can,${year}|/items/Can%2C${year}`))
  }
  const item = page.url()
  await page.evaluate(() => editor.setValue(JSON.stringify({ ...JSON.parse(editor.getValue()), live: true, label: 'United Artists' })))
  await page.click('#saveButton')
  await page.waitForSelector('#saveButton.btn-success')
  await page.goto(item)
  assert.deepEqual(await page.evaluate(() => JSON.parse(editor.getValue())),
    { artist: 'Can', year: 1974, genre: 'rock', tracks: [{ title: 'é 😀', seconds: 1.5 }], live: true, label: 'United Artists' })

  await page.goto(url + '/tables/music')
  // The page's own script draws rows after the page has loaded.
  const shows = (...years) => page.waitForFunction((wanted) => [...new Set(document.body.innerText.match(/\b197\d\b/g))].sort().join() === wanted, {}, years.join())
  await shows(1970, 1971, 1972, 1973, 1974)
  const filters = encodeURIComponent(JSON.stringify({ genre: { value: 'kraut', operator: '=', type: 'S' } }))
  await page.goto(`${url}/tables/music?operationType=query&queryableSelection=by-genre&filters=${filters}&pageSize=25`)
  await shows(1970, 1971, 1972)
  await page.goto(`${url}/tables/music?operationType=scan&pageSize=25&filters=${encodeURIComponent(JSON.stringify({ year: { value: '1972', operator: '>', type: 'N' } }))}`)
  await shows(1973, 1974)
  await page.goto(url + '/tables/music/meta')
  assert.match(await body(), /"TableStatus": "ACTIVE"/)

  await page.goto(item)
  await submit('.btn-danger')
  await shows(1970, 1971, 1972, 1973)
  page.on('dialog', (dialog) => dialog.accept())
  await page.goto(url + '/')
  await page.click('.badge-warning')
  await page.waitForFunction(() => document.querySelector('.badge-secondary')?.innerText.trim() === '0')
  await page.click('.badge-danger')
  await page.waitForFunction(() => document.querySelector('#filter-input') && !document.body.innerText.includes('music'))
}

const server = await startStator('--in-memory', '--lenient')
const admin = await startAdmin(server.endpoint)
const browser = await puppeteer.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
let status = 0
try {
  await afternoon(await browser.newPage(), admin.url)
  console.log('ok')
} catch (error) {
  console.error(error)
  status = 1
} finally {
  await browser.close()
  admin.stop()
  await server.stop()
}
process.exit(status)
