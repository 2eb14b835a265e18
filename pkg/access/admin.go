package access

import (
	"log/slog"

	"github.com/freshet/freshet/pkg/service"
)

// ForAdmin reads the tokens that guard a process's metrics and profiles: service.Spec's Guard.
func ForAdmin(cfg service.AdminConfig, logger *slog.Logger) (service.RunningGuard, error) {
	t, err := Load(Options{File: cfg.TokensFile, Logger: logger})
	if err != nil {
		return nil, err
	}
	return t, nil
}
