package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that rawCodec falls back to
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// frame is one message as it is on the wire: the proxy does not look inside.
type frame struct{ bytes []byte }

// rawCodec carries frames as they are and everything else, such as the messages
// of the gateway's own health service, as protobuf.
type rawCodec struct{ encoding.CodecV2 }

func newRawCodec() rawCodec { return rawCodec{encoding.GetCodecV2("proto")} }

// Marshal gives a frame's bytes.
func (c rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	if f, ok := v.(*frame); ok {
		return mem.BufferSlice{mem.SliceBuffer(f.bytes)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal copies the bytes into a frame.
func (c rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	if f, ok := v.(*frame); ok {
		f.bytes = data.Materialize()
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}

// forward handles every call to a service that is not the gateway's own: metadata,
// deadline, headers, trailers and status pass through.
func (r *router) forward(_ any, stream grpc.ServerStream) error {
	method, ok := grpc.MethodFromServerStream(stream)
	if !ok {
		return errors.New("forward a call: it has no method")
	}
	var request, answer frame
	if _, known := r.byMethod[method]; known {
		if err := stream.RecvMsg(&request); errors.Is(err, io.EOF) {
			return status.Errorf(codes.InvalidArgument, "%s was called without a request", method)
		} else if err != nil {
			return err
		}
	}
	ctx := stream.Context()
	if in, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, passable(in))
	}
	if r.byMethod[method].streams {
		return r.forwardAnswers(ctx, method, &request, stream)
	}
	var header, trailer metadata.MD
	err := r.Invoke(ctx, method, &request, &answer,
		grpc.ForceCodecV2(newRawCodec()), grpc.Header(&header), grpc.Trailer(&trailer))
	stream.SetTrailer(passable(trailer))
	if err != nil {
		return err
	}
	if err := stream.SetHeader(passable(header)); err != nil {
		return fmt.Errorf("pass on the header of %s: %w", method, err)
	}
	return stream.SendMsg(&answer)
}

// forwardAnswers passes a stream of answers on, each as it comes: who takes none holds up the replica.
func (r *router) forwardAnswers(ctx context.Context, method string, request *frame, stream grpc.ServerStream) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a replica whose caller is gone stops
	answers, err := r.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method, grpc.ForceCodecV2(newRawCodec()))
	if err != nil {
		return err
	}
	if err := answers.SendMsg(request); err != nil {
		return err
	}
	for first := true; ; first = false {
		var answer frame
		err := answers.RecvMsg(&answer)
		if first {
			header, headerErr := answers.Header()
			if headerErr == nil {
				headerErr = stream.SetHeader(passable(header))
			}
			if err == nil && headerErr != nil {
				return fmt.Errorf("pass on the header of %s: %w", method, headerErr)
			}
		}
		if err != nil {
			stream.SetTrailer(passable(answers.Trailer()))
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := stream.SendMsg(&answer); err != nil {
			return err
		}
	}
}

// passable leaves out what belongs to one connection or is written anew for the
// next: the trace context is, with the gateway's own span in it.
func passable(in metadata.MD) metadata.MD {
	out := metadata.MD{}
	for key, values := range in {
		switch {
		case strings.HasPrefix(key, ":"), strings.HasPrefix(key, "grpc-"):
		case key == "content-type", key == "user-agent", key == "te", key == "traceparent", key == "tracestate":
		default:
			out[key] = values
		}
	}
	return out
}
