package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// stampSetting has the broker's clock stamp records, not the writer's: a writer whose clock is wrong must neither have retention take what it
// has just written nor keep the log for ever, and the stamp in the answer is how a process finds out about its own (Clock).
var stampSetting = kafka.ConfigEntry{ConfigName: "message.timestamp.type", ConfigValue: "LogAppendTime"}

// stampByBroker sets stampSetting on topics that were there before (TestATopicFromBeforeIsStampedByTheBroker). A broker that does not allow it
// is no fault of the start: everything works, and only a clock that is wrong is found out later. It is said with what to do.
func (c *Client) stampByBroker(ctx context.Context, names []string) {
	others, err := c.stampedOtherwise(ctx, names)
	if err == nil && len(others) > 0 {
		err = c.setStamps(ctx, others)
	}
	switch {
	case err != nil:
		c.logger.Warn("topics from before may not be stamped by the broker's clock, so that a machine's wrong clock is not noticed: give this user "+
			"DescribeConfigs and AlterConfigs on them, or set it by kafka-configs --alter --add-config message.timestamp.type=LogAppendTime", "topics", others, "error", err)
	case len(others) > 0:
		c.logger.Info("topics from before are stamped by the broker's clock from now on", "topics", others)
	}
}

// stampedOtherwise are those of the topics that have another setting.
func (c *Client) stampedOtherwise(ctx context.Context, names []string) (others []string, err error) {
	req := &kafka.DescribeConfigsRequest{}
	for _, name := range names {
		req.Resources = append(req.Resources, kafka.DescribeConfigRequestResource{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: name, ConfigNames: []string{stampSetting.ConfigName}})
	}
	res, err := c.kafka.DescribeConfigs(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("read the settings of %d topics: %w", len(names), err)
	}
	var errs []error
	for _, r := range res.Resources {
		if r.Error != nil {
			errs = append(errs, fmt.Errorf("read the settings of topic %s: %w", r.ResourceName, r.Error))
		}
		for _, e := range r.ConfigEntries {
			if e.ConfigName == stampSetting.ConfigName && e.ConfigValue != stampSetting.ConfigValue {
				others = append(others, r.ResourceName)
			}
		}
	}
	return others, errors.Join(errs...)
}

func (c *Client) setStamps(ctx context.Context, names []string) error {
	req := &kafka.IncrementalAlterConfigsRequest{}
	for _, name := range names {
		req.Resources = append(req.Resources, kafka.IncrementalAlterConfigsRequestResource{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: name,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{
				Name: stampSetting.ConfigName, Value: stampSetting.ConfigValue, ConfigOperation: kafka.ConfigOperationSet}},
		})
	}
	res, err := c.kafka.IncrementalAlterConfigs(ctx, req)
	if err != nil {
		return fmt.Errorf("alter %d topics: %w", len(names), err)
	}
	var errs []error
	for _, r := range res.Resources {
		if r.Error != nil {
			errs = append(errs, fmt.Errorf("alter topic %s: %w", r.ResourceName, r.Error))
		}
	}
	return errors.Join(errs...)
}
