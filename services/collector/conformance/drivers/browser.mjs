// Drives a headless Chromium for the Go test: a command a line on standard input, an
// answer a line on standard output, both JSON. The folder of the npm packages and the
// browser come as FRESHET_CLIENTS and FRESHET_CHROMIUM.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { chromium } = createRequire(process.env.FRESHET_CLIENTS + '/')('playwright-core')
const browser = await chromium.launch({
  executablePath: process.env.FRESHET_CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--no-first-run',
    '--host-resolver-rules=MAP evil.example 127.0.0.1'], // a name that its owner has pointed at this machine
})

let context, page, requests, console_
const commands = {
  // open forgets what the last test's browser stored, and goes to a page.
  async open({ url }) {
    await context?.close()
    context = await browser.newContext()
    requests = []
    console_ = []
    context.on('request', (r) => requests.push(r.url()))
    page = await context.newPage()
    page.on('console', (m) => console_.push(m.text()))
    page.on('pageerror', (e) => console_.push(String(e)))
    await page.goto(url)
  },
  async goto({ url }) { await page.goto(url) },
  // run calls a function of the page with one argument.
  async run({ name, arg }) { return await page.evaluate(([n, a]) => window[n](a), [name, arg]) },
  // settle waits until the page has been idle for a while.
  async settle() { await page.evaluate(() => new Promise((resolve) => setTimeout(() => requestIdleCallback(resolve), 1000))) },
  async requests() { return requests },
  async console() { return console_ },
}
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...args } = JSON.parse(line)
  let answer
  try {
    answer = { value: (await commands[command](args)) ?? null }
  } catch (e) {
    answer = { error: String(e.message ?? e) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
await browser.close()
