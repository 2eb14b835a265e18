package model

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

// maxFile is how large a file of a version may be.
const maxFile = 1 << 30

// ErrNoFile says that a file is not in the bucket.
var ErrNoFile = errors.New("the file is not in the bucket")

// bucket is where files are kept.
type bucket struct {
	*blob.Bucket
	// folder is where the bucket is a folder of this machine, else empty.
	folder string
	// shown is the address without what may be secret in it.
	shown string
}

// openBucket opens the bucket at a URL, or the folder of a plain path, which is made where it is not there.
func openBucket(ctx context.Context, address string) (*bucket, error) {
	if address == "" {
		return nil, errors.New("open the bucket of models: no address: name a folder or a URL, such as s3://bucket?region=eu-central-1&prefix=models/")
	}
	u, err := url.Parse(address)
	if err != nil && strings.Contains(address, "://") {
		return nil, errors.New("open the bucket of models: the address is no URL") // the error would show it, with what is secret in it
	}
	if err != nil || !strings.Contains(address, "://") {
		return openFolder(address)
	}
	if u.Scheme == fileblob.Scheme {
		if u.RawQuery != "" || u.Host != "" && u.Host != "localhost" {
			return nil, errors.New("open the bucket of models: a file:// URL is file:///path/of/a/folder, nothing more")
		}
		return openFolder(filepath.FromSlash(u.Path))
	}
	b := &bucket{shown: u.Scheme + "://" + u.Host + u.Path}
	if !blob.DefaultURLMux().ValidBucketScheme(u.Scheme) {
		return nil, fmt.Errorf("open the bucket of models %s: this program knows no %s://, only %s:// (a program that imports package clouds knows s3, gs and azblob)",
			b.shown, u.Scheme, strings.Join(blob.DefaultURLMux().BucketSchemes(), "://, "))
	}
	if b.Bucket, err = blob.OpenBucket(ctx, address); err != nil {
		return nil, fmt.Errorf("open the bucket of models %s: %w", b.shown, err)
	}
	return b, nil
}

// openFolder makes a folder a bucket. A file is written beside its place and moved there; nothing else is left beside it.
func openFolder(path string) (*bucket, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the folder of models: %w", err)
	}
	b, err := fileblob.OpenBucket(path, &fileblob.Options{CreateDir: true, DirFileMode: 0o755, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("open the folder of models %s: %w", path, err)
	}
	return &bucket{Bucket: b, folder: path, shown: path}, nil
}

// put writes a file whole, or not at all. In a folder it outlives a loss of power.
func (b *bucket) put(ctx context.Context, key string, data []byte) error {
	if err := b.WriteAll(ctx, key, data, &blob.WriterOptions{ContentType: "application/octet-stream"}); err != nil {
		return fmt.Errorf("write %s into %s: %w", key, b.shown, err)
	}
	if b.folder == "" {
		return nil
	}
	path := filepath.Join(b.folder, filepath.FromSlash(key))
	for at := path; len(at) >= len(b.folder); at = filepath.Dir(at) { // the file, its folder, and the folders that it may be the first in
		if err := syncFile(at); err != nil {
			return fmt.Errorf("write %s into %s to its disk: %w", key, b.shown, err)
		}
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// get reads a file of a known size and hash. What is there and is something else is ErrCorrupt.
func (b *bucket) get(ctx context.Context, key string, size int64, hash string) ([]byte, error) {
	r, err := b.NewReader(ctx, key, nil)
	if err != nil {
		return nil, b.fault(key, err)
	}
	defer func() { _ = r.Close() }()
	if r.Size() != size {
		return nil, fmt.Errorf("read %s in %s: %w: it has %d bytes and not %d", key, b.shown, ErrCorrupt, r.Size(), size)
	}
	data, err := io.ReadAll(io.LimitReader(r, size+1))
	if err != nil {
		return nil, b.fault(key, err)
	}
	if is := hashOf(data); is != hash {
		return nil, fmt.Errorf("read %s in %s: %w: its SHA-256 is %.8s... and not %.8s", key, b.shown, ErrCorrupt, is, hash)
	}
	return data, nil
}

func (b *bucket) fault(key string, err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound {
		return fmt.Errorf("read %s in %s: %w", key, b.shown, ErrNoFile)
	}
	return fmt.Errorf("read %s in %s: %w", key, b.shown, err)
}

// files calls look with every file, in order of their keys.
func (b *bucket) files(ctx context.Context, prefix string, look func(*blob.ListObject)) error {
	all := b.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := all.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("list %s%s: %w", b.shown, prefix, err)
		}
		look(o)
	}
}

// drop deletes all files of a folder, the one called last in the end. One that has gone meanwhile is no fault.
func (b *bucket) drop(ctx context.Context, folder, last string) error {
	var keys []string
	err := b.files(ctx, folder, func(o *blob.ListObject) {
		if o.Key != folder+last {
			keys = append(keys, o.Key)
		}
	})
	if err != nil {
		return err
	}
	for _, key := range append(keys, folder+last) {
		if err := b.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return fmt.Errorf("delete %s in %s: %w", key, b.shown, err)
		}
	}
	if b.folder != "" { // what is left is an empty folder, or one that somebody writes into again
		_ = os.Remove(filepath.Join(b.folder, filepath.FromSlash(folder)))
	}
	return nil
}
