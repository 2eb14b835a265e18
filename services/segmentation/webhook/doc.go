// Package webhook delivers alerts to the endpoints of other systems by HTTP, in the
// form of Standard Webhooks 1.0.0 (https://www.standardwebhooks.com).
//
// Every endpoint has a consumer group of its own on alerts.v1, named
// "segmentation.alerts.<endpoint>", and takes the alerts addressed to it. So the broker
// is each endpoint's queue: an endpoint that is down for a day holds back itself and
// nobody else, and memory stays bounded whatever piles up. The group "segmentation.alerts"
// takes what is addressed to no configured endpoint and dead-letters it.
//
// Delivery: at least once. An alert is finished when the endpoint answered 2xx or when
// it is in alerts.v1.dlq with the reason; only then does its offset count as done. The
// committed offset is the lowest unfinished one, and the commit's metadata lists the
// finished ones above it, so that a restart sends only what was not finished. A crash
// between the endpoint's answer and the commit sends an alert again: its webhook-id is
// the alert's id on every attempt, which is what the receiver drops duplicates by. An alert
// that was published twice, as the outbox does after a restart, is sent once when the
// copies lie within 10,000 records of a partition.
// Alerts of one endpoint are sent side by side, so their order is not kept; the
// transition's seq tells it.
//
// Before the first attempt identity is asked who the customer is (TestAnAlertSaysWhoItIsAbout), for as long as Config.IdentityWait; then the
// alert goes without the names, and says so (TestAnAlertIsNotLostWhenIdentityIsAway). What of the names an endpoint gets is its own
// setting; only the customer's id is in alerts.v1.
//
// Between attempts an alert waits in memory: how often it was tried is forgotten by a
// restart, which begins its schedule again. An endpoint that answers 410 Gone is off until
// the next start; its alerts are dead-lettered meanwhile.
//
// No alert outlives the topic: one whose next attempt would come later than a day before retention may take it is
// dead-lettered as expired (TestAnAlertsLifeEndsBeforeRetention). Where retention takes unfinished ones all the same, since nothing ran for a week,
// that is logged, and what was finished behind them is not sent again (TestRetentionDoesNotSendAgain).
package webhook
