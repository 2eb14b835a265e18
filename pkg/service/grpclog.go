package service

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/grpclog"
)

// grpcLogger takes what the gRPC libraries log. They know one logger for the whole process, to be set before anything of theirs is used.
var grpcLogger = func() *libraryLog {
	l := &libraryLog{}
	grpclog.SetLoggerV2(l)
	return l
}()

// LogGRPC has the gRPC libraries, grpc-gateway among them, log to l from now on. Before the first call they log nothing.
func LogGRPC(l *slog.Logger) { grpcLogger.to.Store(l) }

// libraryLog is grpclog.LoggerV2 on slog.
//
// gRPC itself logs through the functions with a depth, about connections: an error is worth a warning, since every call reports its own.
// grpc-gateway uses the others, for single requests, with what callers sent in the text: that is for debugging only, or whoever
// sends requests fills the log.
type libraryLog struct{ to atomic.Pointer[slog.Logger] }

// longestLine bounds what is taken of a text, in bytes.
const longestLine = 500

func (l *libraryLog) write(level slog.Level, text string) {
	logger := l.to.Load()
	if logger == nil || !logger.Enabled(context.Background(), level) {
		return
	}
	text = strings.TrimSpace(text)
	logger.Log(context.Background(), level, "grpc", "said", strings.ToValidUTF8(text[:min(len(text), longestLine)], ""))
}

func (l *libraryLog) fatal(text string) {
	l.write(slog.LevelError, text)
	os.Exit(1) // as grpclog demands
}

func (l *libraryLog) InfoDepth(_ int, args ...any) { l.write(slog.LevelDebug, fmt.Sprintln(args...)) }
func (l *libraryLog) WarningDepth(_ int, args ...any) {
	l.write(slog.LevelDebug, fmt.Sprintln(args...))
}
func (l *libraryLog) ErrorDepth(_ int, args ...any) { l.write(slog.LevelWarn, fmt.Sprintln(args...)) }
func (l *libraryLog) FatalDepth(_ int, args ...any) { l.fatal(fmt.Sprintln(args...)) }

func (l *libraryLog) Info(args ...any)   { l.write(slog.LevelDebug, fmt.Sprint(args...)) }
func (l *libraryLog) Infoln(args ...any) { l.write(slog.LevelDebug, fmt.Sprintln(args...)) }
func (l *libraryLog) Infof(format string, args ...any) {
	l.write(slog.LevelDebug, fmt.Sprintf(format, args...))
}
func (l *libraryLog) Warning(args ...any)   { l.write(slog.LevelDebug, fmt.Sprint(args...)) }
func (l *libraryLog) Warningln(args ...any) { l.write(slog.LevelDebug, fmt.Sprintln(args...)) }
func (l *libraryLog) Warningf(format string, args ...any) {
	l.write(slog.LevelDebug, fmt.Sprintf(format, args...))
}
func (l *libraryLog) Error(args ...any)   { l.write(slog.LevelDebug, fmt.Sprint(args...)) }
func (l *libraryLog) Errorln(args ...any) { l.write(slog.LevelDebug, fmt.Sprintln(args...)) }
func (l *libraryLog) Errorf(format string, args ...any) {
	l.write(slog.LevelDebug, fmt.Sprintf(format, args...))
}
func (l *libraryLog) Fatal(args ...any)                 { l.fatal(fmt.Sprint(args...)) }
func (l *libraryLog) Fatalln(args ...any)               { l.fatal(fmt.Sprintln(args...)) }
func (l *libraryLog) Fatalf(format string, args ...any) { l.fatal(fmt.Sprintf(format, args...)) }

// V says that only what is always logged is wanted.
func (l *libraryLog) V(level int) bool { return level <= 0 }
