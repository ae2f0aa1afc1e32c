package fleet

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/errext/exitcodes"
	"go.k6.io/k6/v2/metrics"
	"go.k6.io/k6/v2/output"
)

const (
	// settle is how long after the full second a line is written. k6 flushes samples every 50 ms, so the second is complete
	// by then.
	settle = 100 * time.Millisecond
	// orphanGrace is how long the test may take to stop after its worker has died: teardown can hang.
	orphanGrace = 10 * time.Second
	// heapFloorBytes makes the heap large enough that it is rarely collected.
	heapFloorBytes = 32 << 20
)

// Output sends k6's metrics to its worker.
type Output struct {
	config config
	logger logrus.FieldLogger
	k6     *logrus.Logger // k6's log; nil if it is of another kind
	specs  []*keySpec
	log    *logCounter

	writer io.WriteCloser
	// These stop the test if the worker has died.
	stopTest func(error)
	grace    time.Duration
	exit     func(code int)

	mu         sync.Mutex // guards aggregator and orphan
	aggregator *aggregator
	orphan     bool // the worker has died

	// Only the flushing goroutine uses these two.
	flushedAt time.Time
	warned    int // how many of aggregator.overflow have been logged

	stop    chan struct{}
	stopped chan struct{}
}

var (
	_ output.WithThresholds  = &Output{}
	_ output.WithTestRunStop = &Output{}
)

func init() {
	output.RegisterExtension("fleet", func(p output.Params) (output.Output, error) { return newOutput(p) })
}

func newOutput(p output.Params) (*Output, error) {
	config, err := parseConfig(p.ConfigArgument)
	if err != nil {
		return nil, err
	}
	o := &Output{
		config: config, logger: p.Logger.WithField("output", "fleet"),
		stopTest: func(error) {}, grace: orphanGrace, exit: os.Exit,
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	o.k6, _ = p.Logger.(*logrus.Logger)
	if p.ScriptOptions.SystemTags.Has(metrics.TagExpectedResponse) {
		o.addKey(expectedResponseKey, metrics.Thresholds{})
	}
	return o, nil
}

// Description is shown by `k6 run`.
func (o *Output) Description() string {
	if o.config.path != "" {
		return fmt.Sprintf("fleet (%s)", o.config.path)
	}
	return fmt.Sprintf("fleet (fd %d)", o.config.fd)
}

// SetThresholds receives the script's thresholds. k6 calls it before Start, even with --no-thresholds.
func (o *Output) SetThresholds(all map[string]metrics.Thresholds) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o.addKey(name, all[name])
	}
}

func (o *Output) addKey(name string, ts metrics.Thresholds) {
	spec, err := newKeySpec(name, ts)
	if err != nil {
		o.logger.WithError(err).Warn("ignoring a threshold that cannot be parsed")
		return
	}
	if spec == nil {
		return
	}
	// If a name is spelled in two ways the last one counts, as in k6.
	o.specs = slices.DeleteFunc(o.specs, func(s *keySpec) bool { return s.name == spec.name })
	o.specs = append(o.specs, spec)
}

// SetTestRunStopCallback receives the function that stops the test.
func (o *Output) SetTestRunStopCallback(stop func(error)) { o.stopTest = stop }

// Start opens the pipe and writes a line every flush interval, with or without samples.
func (o *Output) Start() error {
	var err error
	if o.config.path != "" {
		o.writer, err = os.Create(o.config.path)
	} else {
		o.writer, err = openFD(o.config.fd)
	}
	if err != nil {
		return err
	}
	o.aggregator = newAggregator(int64(o.config.cell/time.Second), o.specs, o.logger)
	o.aggregator.sections = o.config.groups
	o.flushedAt = time.Now()
	raiseHeapFloor()
	o.countLog()
	go o.run()
	return nil
}

// countLog puts a logCounter before the formatter of k6's log.
func (o *Output) countLog() {
	if o.k6 == nil {
		return
	}
	o.log = newLogCounter(o.k6.Formatter, newRedactor(o.config.redact))
	o.k6.SetFormatter(o.log)
}

// releaseLog restores the formatter. What k6 logs from then on, such as an error of teardown, is written and not counted.
func (o *Output) releaseLog() {
	if o.log == nil {
		return
	}
	o.k6.SetFormatter(o.log.inner)
	if note := o.log.heldNote(); note != "" {
		o.logger.Info(note)
	}
}

// AddMetricSamples aggregates the samples at once, which costs less than buffering them. A flush holds the lock only to
// take the finished cells.
func (o *Output) AddMetricSamples(containers []metrics.SampleContainer) {
	if len(containers) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.orphan {
		return
	}
	for _, container := range containers {
		samples := container.GetSamples()
		for i := range samples {
			o.aggregator.add(&samples[i])
		}
	}
}

// Stop writes the last cells and closes the pipe.
func (o *Output) Stop() error {
	o.releaseLog()
	close(o.stop)
	<-o.stopped
	return o.writer.Close()
}

func (o *Output) run() {
	defer close(o.stopped)
	for {
		timer := time.NewTimer(time.Until(nextFlush(time.Now(), o.config.flush)))
		select {
		case <-timer.C:
			o.flush(time.Now(), false)
		case <-o.stop:
			timer.Stop()
			o.flush(time.Now(), true)
			return
		}
	}
}

// nextFlush returns the next moment just after a multiple of the interval on the wall clock.
func nextFlush(now time.Time, interval time.Duration) time.Time {
	now = now.Round(0) // compares by the wall clock
	return now.Add(-settle).Truncate(interval).Add(interval + settle)
}

// flush writes one line. While the write blocks, samples are added to new cells.
func (o *Output) flush(now time.Time, end bool) {
	o.mu.Lock()
	orphan := o.orphan
	cells := o.aggregator.take(now.Unix(), end)
	overflow := slices.Clone(o.aggregator.overflow)
	failed := o.aggregator.takeFailures()
	o.mu.Unlock()
	if orphan {
		return
	}
	o.warn(overflow)
	at := time.Now()
	line := Line{V: 1, Wall: Num(at.Sub(o.flushedAt).Seconds()), Cells: make([]Cell, 0, len(cells)), Overflow: overflow, End: end}
	line.FailedRequests = failed
	if o.log != nil {
		o.log.take(&line)
	}
	o.flushedAt = at
	for _, c := range cells {
		line.Cells = append(line.Cells, c.values())
	}
	encoder := json.NewEncoder(o.writer) // writes the line in one call
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		o.orphaned(err)
	}
}

func (o *Output) warn(overflow []string) {
	if len(overflow) == o.warned {
		return
	}
	o.warned = len(overflow)
	o.logger.Warnf("metrics with more than %d combinations of tags: %v; the others are counted together. "+
		"Use tags with few values; for requests, set the name tag.", seriesCap, overflow)
}

// orphaned stops the test, because no one reads its metrics any more.
func (o *Output) orphaned(cause error) {
	o.mu.Lock()
	o.orphan = true
	o.mu.Unlock()
	err := fmt.Errorf("cannot send metrics to the k6-fleet worker: %w", cause)
	time.AfterFunc(o.grace, func() { o.exit(int(exitcodes.ExternalAbort)) })
	o.stopTest(errext.WithAbortReasonIfNone(errext.WithExitCodeIfNone(err, exitcodes.ExternalAbort), errext.AbortedByOutput))
}

// openFD opens a file descriptor inherited from the parent process.
func openFD(fd int) (*os.File, error) {
	var stat syscall.Stat_t
	err := syscall.Fstat(fd, &stat)
	kind := stat.Mode & syscall.S_IFMT
	// A number that the parent did not open may be one of k6's own, such as its epoll.
	if err != nil || (kind != syscall.S_IFIFO && kind != syscall.S_IFSOCK && kind != syscall.S_IFREG) {
		return nil, fmt.Errorf("file descriptor %d is not an open pipe, socket or file", fd)
	}
	// A browser that outlives k6 must not keep the pipe open.
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), fmt.Sprintf("fd %d", fd)), nil
}

// heapFloor is never touched, so it takes no physical memory, but it counts towards the heap, which is therefore collected
// less often. Without it our heap is the few megabytes that VUs need, and its collections cost more than the rest of this
// extension; the heap of plain k6 grows large because it keeps every sample.
var heapFloor []byte //nolint:gochecknoglobals

// raiseHeapFloor does nothing if the user has configured the collector.
func raiseHeapFloor() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		heapFloor = make([]byte, heapFloorBytes)
	}
}
