// Plays calls through @rudderstack/rudder-sdk-node and says what became of each, one JSON
// object a line. The task comes on standard input: {modules, host, writeKey, options, calls}.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const { modules, host, writeKey, options, calls, bare } = JSON.parse(await text(process.stdin))
const RudderAnalytics = createRequire(modules + '/')('@rudderstack/rudder-sdk-node')

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n')
// Without an errorHandler (bare) a failed flush is an unhandled rejection, which ends the process.
const handler = bare ? {} : { errorHandler: () => {} }
const analytics = new RudderAnalytics(writeKey, { dataPlaneUrl: host, logLevel: 'none', ...handler, ...options })

let waiting = calls.length
calls.forEach(([type, message], index) => {
  if (message.timestamp) message.timestamp = new Date(message.timestamp)
  analytics[type](message, (err) => {
    say({ index, error: err ? String(err.message ?? err) : '' })
    waiting--
  })
})
// One flush takes at most flushAt events.
while (waiting > 0 && !bare) {
  await analytics.flush().catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 5))
}
