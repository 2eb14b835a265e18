// Package library knows client libraries by what context.library.name holds: whether a person's own browser or app speaks, or a server. It is not for trusting
// anybody: a caller may write any name.
package library

import "strings"

// visitors and servers are beginnings of names.
var (
	visitors = []string{
		"analytics.js", "@segment/analytics-next", "analytics-ios", "analytics-android", "analytics-swift", "analytics-kotlin", "@segment/analytics-react-native",
		"analytics-react-native", "analytics_flutter", "analytics-flutter",
		"RudderLabs JavaScript SDK", "rudder-ios-library", "rudder-android-library", "rudder-react-native-library", "rudder-flutter",
		"com.rudderstack.android", "rudderlabs.ios", "jitsu-js", "@jitsu/js", "freshet-pixel",
	}
	servers = []string{
		"@segment/analytics-node", "analytics-node", "analytics-go", "analytics-python", "analytics-ruby", "analytics-php", "analytics-java", "Analytics.NET",
		"analytics-csharp", "@rudderstack/rudder-sdk-node", "rudder-sdk-node", "rudder-analytics", "RudderStack", "http",
	}
	// filers write a batch into a file on the device, its sentAt with it, and send that file whenever there is a network, days later if need be. The others write
	// sentAt when they send: once, or anew with each repeat.
	filers = []string{"analytics-kotlin", "analytics-swift", "analytics-csharp"}
)

// OfVisitors says that the library runs in a person's own browser or app. Ask it before OfServers.
func OfVisitors(name string) bool { return begins(name, visitors) }

// OfServers says that the library runs on a server.
func OfServers(name string) bool { return begins(name, servers) }

// Files says that the library keeps its batches in files, so that an old sentAt is mostly a device that had no network.
func Files(name string) bool { return begins(name, filers) }

func begins(text string, list []string) bool {
	for _, l := range list {
		if len(text) >= len(l) && strings.EqualFold(text[:len(l)], l) {
			return true
		}
	}
	return false
}
