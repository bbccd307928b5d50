package stator

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"
)

var scope = regexp.MustCompile(`Credential=[^/]*/\d{8}/([^/]+)/`)

var requests atomic.Uint64

// Transport returns a transport for an http.Client: the database answers all DynamoDB requests, whatever their address is.
func (d *Database) Transport() http.RoundTripper { return transport{d} }

// HTTPClient returns a client for the AWS SDK: dynamodb.Options{HTTPClient: database.HTTPClient(), …}.
func (d *Database) HTTPClient() *http.Client { return &http.Client{Transport: d.Transport()} }

// hold waits until the reply is due, or until the context ends.
func hold(ctx context.Context, by time.Duration) error {
	if by == 0 {
		return nil
	}
	timer := time.NewTimer(by)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// otherServiceError is the error for requests to other services, which occur as an aws.Config gives its HTTPClient to all
// clients.
type otherServiceError struct{ request *http.Request }

func (e *otherServiceError) Error() string {
	return "stator: only requests of DynamoDB and DynamoDB Streams are answered in process, not " + e.request.Method + " " + e.request.URL.String()
}

// RetryableError tells the SDK that another attempt is of no use.
func (e *otherServiceError) RetryableError() bool { return false }

type transport struct{ database *Database }

func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		defer request.Body.Close()
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	target := request.Header.Get("X-Amz-Target")
	if target == "" {
		return nil, &otherServiceError{request}
	}
	reply, err := t.database.Request(target, body, region(request))
	if err != nil {
		return nil, err
	}
	if err := hold(request.Context(), reply.Hold); err != nil {
		return nil, err
	}
	if reply.Status == 0 {
		return nil, ErrCut
	}
	return &http.Response{
		Status:     strconv.Itoa(reply.Status) + " " + http.StatusText(reply.Status),
		StatusCode: reply.Status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        header(reply),
		ContentLength: int64(len(reply.Body)),
		Body:          io.NopCloser(bytes.NewReader(reply.Body)),
		Request:       request,
	}, nil
}

// region returns the region that a request is signed for; empty if it is not signed.
func region(request *http.Request) string {
	if found := scope.FindStringSubmatch(request.Header.Get("Authorization")); found != nil {
		return found[1]
	}
	return ""
}

func header(reply Reply) http.Header {
	return http.Header{
		"Content-Type":   {"application/x-amz-json-1.0"},
		"Content-Length": {strconv.Itoa(len(reply.Body))},
		// The SDK logs a warning for each reply without it.
		"X-Amz-Crc32":      {strconv.FormatUint(uint64(crc32.ChecksumIEEE(reply.Body)), 10)},
		"X-Amzn-Requestid": {fmt.Sprintf("STATOR%020d", requests.Add(1))},
	}
}

// The service's limit for a request is 16 MB; bytes beyond this limit are not read.
const mostRequestBytes = 17 << 20

// ServeHTTP makes the database an http.Handler, for instance for httptest.NewServer, for code that makes its own clients: set
// AWS_ENDPOINT_URL_DYNAMODB to the server's URL. Signatures are not checked.
func (d *Database) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, mostRequestBytes))
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	reply, err := d.Request(request.Header.Get("X-Amz-Target"), body, region(request))
	if err != nil {
		http.Error(writer, err.Error(), http.StatusServiceUnavailable)
		return
	}
	if hold(request.Context(), reply.Hold) != nil || reply.Status == 0 {
		panic(http.ErrAbortHandler) // net/http's way to cut a connection
	}
	for name, values := range header(reply) {
		writer.Header()[name] = values
	}
	writer.WriteHeader(reply.Status)
	writer.Write(reply.Body)
}
