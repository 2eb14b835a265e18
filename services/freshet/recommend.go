package freshet

import "github.com/spf13/cobra"

func newRecommend() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recommend",
		Short: "Show lists and why they are so, what they brought, what goes with what; train models and say what they are worth",
	}
	cmd.AddCommand(newRecommendFor(), newRecommendSimilar(), newRecommendExplain(), newRecommendScenes(), newRecommendRules(), newRecommendReport())
	cmd.AddCommand(newRecommendEvaluate(), newRecommendTrain(), newRecommendModels(), newRecommendCard(), newRecommendPromote(), newRecommendRollback())
	return family(cmd)
}
