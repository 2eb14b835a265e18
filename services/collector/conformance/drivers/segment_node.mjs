// Plays calls through @segment/analytics-node and says what became of each, one JSON
// object a line. The task comes on standard input: {modules, host, writeKey, options, calls}.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const { modules, host, writeKey, options, calls } = JSON.parse(await text(process.stdin))
const { Analytics } = createRequire(modules + '/')('@segment/analytics-node')

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n')
const analytics = new Analytics({ writeKey, host, ...options })
analytics.on('error', () => {}) // each call's own callback tells

calls.forEach(([type, message], index) => {
  if (message.timestamp) message.timestamp = new Date(message.timestamp)
  analytics[type](message, (err, ctx) => {
    const failed = err ?? ctx.failedDelivery()?.reason
    say({ index, messageId: ctx?.event.messageId, error: failed ? String(failed.message ?? failed) : '' })
  })
})
await analytics.closeAndFlush({ timeout: 60_000 })
