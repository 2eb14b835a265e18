package doctor

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
	"github.com/freshet/freshet/pkg/stack"
)

// engine looks for the embedded ClickHouse.
func engine(context.Context, Patient) Finding {
	f := Finding{Check: "engine", State: OK}
	path, err := embeddedclickhouse.Library()
	if err != nil {
		f.State, f.Detail, f.Fix = Failed, err.Error(), "run `make engine`, or set "+embeddedclickhouse.LibraryVariable+" to libchdb.so"
		return f
	}
	f.Detail = "embedded ClickHouse is " + path
	return f
}

// needed is the free space below which ClickHouse and the broker may stop, in bytes.
const needed = 2 << 30

// disk looks at the file system that holds the data directory, or would.
func disk(_ context.Context, p Patient) Finding {
	f := Finding{Check: "disk", State: OK}
	dir := p.Dir
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		f.State, f.Detail = Warned, fmt.Sprintf("the free space at %s is not known: %v", dir, err)
		return f
	}
	free := fs.Bavail * uint64(fs.Bsize)
	f.Detail = fmt.Sprintf("%.1f GB free for %s", float64(free)/1e9, p.Dir)
	if free < needed {
		f.State, f.Fix = Failed, fmt.Sprintf("free some space, or keep the data elsewhere: freshet up --dir DIR; %d GB are needed", needed>>30)
	}
	return f
}

// ports says which doors answer, and, where none does, whether a stack could take the documented ones.
func ports(ctx context.Context, p Patient) Finding {
	f := Finding{Check: "ports", State: OK}
	var closed, taken []string
	for _, d := range doors(p.Addresses) {
		if stack.Knock(ctx, d.address) != nil {
			closed = append(closed, d.name+" "+d.address)
		}
	}
	all := len(doors(p.Addresses))
	switch {
	case len(closed) == 0:
		f.Detail = fmt.Sprintf("all %d doors of the stack answer", all)
		return f
	case len(closed) < all:
		f.State, f.Detail = Failed, "part of the stack does not answer: "+strings.Join(closed, ", ")
		f.Fix = "look at the output of `freshet up`; if another program holds the other ports, use freshet up --ephemeral"
		return f
	}
	for _, d := range doors(stack.Fixed()) {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", d.address)
		if err != nil {
			taken = append(taken, d.address)
			continue
		}
		_ = l.Close()
	}
	if len(taken) > 0 {
		f.State, f.Detail = Failed, "no stack is running and other programs hold "+strings.Join(taken, ", ")
		f.Fix = "end them, or take free ports: freshet up --ephemeral"
		return f
	}
	f.State, f.Detail, f.Fix = Warned, "no stack is running; the documented ports are free", "start one: make up"
	return f
}
