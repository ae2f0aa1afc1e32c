package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/errext/exitcodes"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
	"go.k6.io/k6/v2/output"
)

func newTestOutput(t testing.TB, argument string) *Output {
	t.Helper()
	o, err := newOutput(output.Params{
		ConfigArgument: argument, Logger: quiet(), ScriptOptions: lib.Options{SystemTags: &metrics.DefaultSystemTagSet},
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// request returns the samples that k6 takes of one HTTP request: they have the same tags and time.
func request(b *metrics.BuiltinMetrics, tags *metrics.TagSet, at time.Time, ms float64) metrics.ConnectedSamples {
	trail := metrics.ConnectedSamples{Tags: tags, Time: at}
	for _, m := range []*metrics.Metric{
		b.HTTPReqs, b.HTTPReqDuration, b.HTTPReqBlocked, b.HTTPReqConnecting, b.HTTPReqTLSHandshaking, b.HTTPReqSending,
		b.HTTPReqWaiting, b.HTTPReqReceiving, b.HTTPReqFailed,
	} {
		v := ms
		if m.Type != metrics.Trend {
			v = 1
		}
		series := metrics.TimeSeries{Metric: m, Tags: tags}
		trail.Samples = append(trail.Samples, metrics.Sample{TimeSeries: series, Time: at, Value: v})
	}
	return trail
}

func parseLines(t *testing.T, data []byte) (lines []Line) {
	t.Helper()
	for raw := range bytes.Lines(data) {
		var line Line
		if err := json.Unmarshal(raw, &line); err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestOutputWritesWhatItIsGiven(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines")
	o := newTestOutput(t, "path="+path)
	o.SetThresholds(map[string]metrics.Thresholds{"http_req_duration": metrics.NewThresholds([]string{"p(95)<5"})})
	if err := o.Start(); err != nil {
		t.Fatal(err)
	}
	registry := metrics.NewRegistry()
	builtin := metrics.RegisterBuiltinMetrics(registry)
	tags := registry.RootTagSet().With("name", "</>&\xff").With("expected_response", "true")
	at := time.Unix(1_700_000_000, 0)
	for i := range 10 {
		o.AddMetricSamples([]metrics.SampleContainer{request(builtin, tags, at.Add(time.Duration(i)*time.Second), float64(i))})
	}
	o.AddMetricSamples([]metrics.SampleContainer{
		metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: builtin.IterationDuration, Tags: tags}, Time: at, Value: math.Inf(1)},
	})
	if err := o.Stop(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cells, requests, below, expected float64
	for _, line := range parseLines(t, data) {
		if line.V != 1 || line.Wall <= 0 || line.Cells == nil {
			t.Errorf("a line begins with %v %v", line.V, line.Wall)
		}
		for _, c := range line.Cells {
			cells++
			for _, m := range c.Metrics {
				if m.Name == "http_reqs" {
					if name := m.Series[0].Tags["name"]; name != "</>&\ufffd" {
						t.Errorf("the name is %q", name)
					}
					requests += m.Series[0].Values.(map[string]any)["sum"].(float64)
				}
			}
			for _, k := range c.Keys {
				if k.Key == expectedResponseKey {
					expected += k.Values.(map[string]any)["count"].(float64)
				} else {
					below += float64(k.Pivots[0].Below)
				}
			}
		}
	}
	if cells != 10 || requests != 10 || below != 5 || expected != 10 {
		t.Errorf("%v cells, %v requests, %v below 5 ms, %v as expected", cells, requests, below, expected)
	}
}

func TestNextFlushIsJustAfterTheSecond(t *testing.T) {
	for now, want := range map[int64]int64{0: 100, 99: 100, 100: 1100, 999: 1100, 1000: 1100, 1099: 1100, 1100: 2100} {
		if got := nextFlush(time.UnixMilli(now), time.Second).UnixMilli(); got != want {
			t.Errorf("after %d comes %d, want %d", now, got, want)
		}
	}
}

// heldWriter blocks each write until it is released.
type heldWriter struct {
	bytes.Buffer
	entered, release chan struct{}
}

func (w *heldWriter) Write(p []byte) (int, error) {
	w.entered <- struct{}{}
	<-w.release
	return w.Buffer.Write(p)
}

func (w *heldWriter) Close() error { return nil }

func TestASlowReaderLosesNothingAndDoesNotBlock(t *testing.T) {
	o := newTestOutput(t, "fd=3")
	writer := &heldWriter{entered: make(chan struct{}), release: make(chan struct{})}
	o.writer, o.aggregator = writer, newAggregator(1, o.specs, o.logger)
	registry := metrics.NewRegistry()
	builtin := metrics.RegisterBuiltinMetrics(registry)
	add := func(second int64) {
		o.AddMetricSamples([]metrics.SampleContainer{request(builtin, registry.RootTagSet(), time.Unix(second, 0), 1)})
	}
	flushed := make(chan struct{})
	flush := func(now int64) {
		o.flush(time.Unix(now, 0), false)
		flushed <- struct{}{}
	}
	add(1)
	go flush(2)
	<-writer.entered
	for second := range int64(10) {
		add(2 + second) // returns although the write blocks
	}
	writer.release <- struct{}{}
	<-flushed
	go flush(20)
	<-writer.entered
	writer.release <- struct{}{}
	<-flushed
	lines := parseLines(t, writer.Bytes())
	if len(lines) != 2 || len(lines[0].Cells) != 1 || len(lines[1].Cells) != 10 {
		t.Errorf("got %d lines: %+v", len(lines), lines)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
func (brokenWriter) Close() error              { return nil }

func TestALostReaderStopsTheTest(t *testing.T) {
	o := newTestOutput(t, "fd=3")
	o.writer, o.aggregator = brokenWriter{}, newAggregator(1, o.specs, o.logger)
	var reasons []error
	o.SetTestRunStopCallback(func(err error) { reasons = append(reasons, err) })
	exited := make(chan int)
	o.exit = func(code int) { exited <- code }
	o.grace = time.Nanosecond
	o.flush(time.Unix(1, 0), false)
	if code := <-exited; code != int(exitcodes.ExternalAbort) {
		t.Errorf("exit code %d", code)
	}
	o.flush(time.Unix(2, 0), true) // not tried again
	var coded errext.HasExitCode
	if len(reasons) != 1 || !errors.As(reasons[0], &coded) || coded.ExitCode() != exitcodes.ExternalAbort {
		t.Errorf("the test was stopped for %v", reasons)
	}
}

func TestStartRejectsWhatCannotBeOpened(t *testing.T) {
	for _, argument := range []string{"fd=1000", "path=/nowhere/at/all"} {
		if err := newTestOutput(t, argument).Start(); err == nil {
			t.Errorf("%s was opened", argument)
		}
	}
}

// BenchmarkAddMetricSamples measures requests with a dozen names and the thresholds of a typical script.
func BenchmarkAddMetricSamples(b *testing.B) {
	o := newTestOutput(b, "path="+filepath.Join(b.TempDir(), "lines"))
	o.SetThresholds(map[string]metrics.Thresholds{
		"http_req_duration": metrics.NewThresholds([]string{"p(95)<500", "p(99)<1000"}),
		"http_req_failed":   metrics.NewThresholds([]string{"rate<0.01"}),
	})
	if err := o.Start(); err != nil {
		b.Fatal(err)
	}
	registry := metrics.NewRegistry()
	builtin := metrics.RegisterBuiltinMetrics(registry)
	var batch []metrics.SampleContainer
	now, samples := time.Now(), 0
	for i := range 250 {
		tags := registry.RootTagSet().With("expected_response", "true").With("method", "GET").
			With("name", fmt.Sprint("/path/", i%12)).With("scenario", "default").With("status", "200")
		trail := request(builtin, tags, now.Add(time.Duration(i)*200*time.Microsecond), float64(i)+0.1)
		batch = append(batch, trail)
		samples += len(trail.Samples)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		o.AddMetricSamples(batch)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*samples), "ns/sample")
	if err := o.Stop(); err != nil {
		b.Fatal(err)
	}
}
