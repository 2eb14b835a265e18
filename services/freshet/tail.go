package freshet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/freshet/tail"
)

func newTail() *cobra.Command {
	var d doors
	var o tail.Options
	cmd := &cobra.Command{
		Use:   "tail TOPIC",
		Short: "Follow a topic, each record as one line of JSON",
		Long:  "Follow a topic until Ctrl-C, each record as one line of JSON, decoded by the topic's schema.\n\nTopics:\n  " + strings.Join(topicNames(), "\n  "),
		Example: `  freshet tail events.rejected.v1 --from-beginning
  freshet tail segments.transitions.v1 --max 10 | jq .value.segment`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return topicNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Topic = args[0]
			if !slices.Contains(topicNames(), o.Topic) {
				return fmt.Errorf("there is no topic %s: `freshet tail --help` lists them", o.Topic)
			}
			a, err := d.open(cmd)
			if err != nil {
				return err
			}
			c, err := a.Broker(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetEscapeHTML(false)
			return tail.Read(cmd.Context(), c, o, func(rec broker.Record) error { return out.Encode(tail.Decode(rec)) })
		},
	}
	d.flag(cmd)
	cmd.Flags().BoolVar(&o.FromBeginning, "from-beginning", false, "begin with the oldest record there is; by default only new ones are shown")
	cmd.Flags().IntVar(&o.Max, "max", 0, "end after this many records; 0 never ends")
	return cmd
}

func topicNames() []string {
	var names []string
	for _, t := range topics.All() {
		names = append(names, t.Name)
	}
	return names
}
