package fleet

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/errext/exitcodes"
	"go.k6.io/k6/v2/metrics"
	"go.k6.io/k6/v2/output"
)

const (
	// Lines are written this long after the second: k6 hands samples over every 50 ms, so the second is complete by then.
	settle = 100 * time.Millisecond
	// How long a test may take to stop after its worker is gone: teardown can hang.
	orphanGrace = 10 * time.Second
)

// Output is k6's output to its worker.
type Output struct {
	config config
	logger logrus.FieldLogger
	specs  []*keySpec

	writer io.WriteCloser
	// Where the worker is gone the test has no one to report to.
	stopTest func(error)
	grace    time.Duration
	exit     func(code int)

	mu         sync.Mutex // guards what follows
	aggregator *aggregator
	lost       bool // nobody reads us any more

	// What follows belongs to the flusher.
	line    lineClock
	warned  int // how many of aggregator.overflow the user was told of
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
	if p.ScriptOptions.SystemTags.Has(metrics.TagExpectedResponse) {
		o.addKey(expectedResponseKey, metrics.Thresholds{})
	}
	return o, nil
}

// Description is what `k6 run` shows.
func (o *Output) Description() string {
	if o.config.path != "" {
		return fmt.Sprintf("fleet (%s)", o.config.path)
	}
	return fmt.Sprintf("fleet (fd %d)", o.config.fd)
}

// SetThresholds receives the script's thresholds; k6 calls it before Start, even where it does not judge them itself.
func (o *Output) SetThresholds(all map[string]metrics.Thresholds) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o.addKey(name, all[name])
	}
}

func (o *Output) addKey(name string, ts metrics.Thresholds) {
	spec, err := newKeySpec(name, ts)
	if err != nil {
		o.logger.WithError(err).Warn("a threshold cannot be read")
		return
	}
	if spec == nil {
		return
	}
	// Of two spellings of one name the last counts, as in k6.
	o.specs = slices.DeleteFunc(o.specs, func(s *keySpec) bool { return s.name == spec.name })
	o.specs = append(o.specs, spec)
}

// SetTestRunStopCallback receives how to end the test.
func (o *Output) SetTestRunStopCallback(stop func(error)) { o.stopTest = stop }

// Start opens the pipe and begins to write a line each flush interval, samples or not.
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
	o.line.read()
	raiseHeapFloor()
	go o.run()
	return nil
}

// AddMetricSamples folds the samples in at once: that costs less than to keep them for later, and a flush holds the lock
// only to take the finished cells away.
func (o *Output) AddMetricSamples(containers []metrics.SampleContainer) {
	if len(containers) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lost {
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
	now = now.Round(0) // the wall clock counts here
	return now.Add(-settle).Truncate(interval).Add(interval + settle)
}

// flush writes one line. While a write waits for its reader, samples are folded on into new cells.
func (o *Output) flush(now time.Time, end bool) {
	o.mu.Lock()
	lost := o.lost
	cells := o.aggregator.take(now.Unix(), end)
	overflow := slices.Clone(o.aggregator.overflow)
	o.mu.Unlock()
	if lost {
		return
	}
	o.warn(overflow)
	line := Line{V: 1, Cells: make([]Cell, 0, len(cells)), Overflow: overflow}
	for _, c := range cells {
		line.Cells = append(line.Cells, c.values())
	}
	line.CPU, line.Wall = o.line.read()
	encoder := json.NewEncoder(o.writer) // writes a line at once
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
	o.logger.Warnf("more than %d series, the rest is not told apart: %v. "+
		"A tag with ever new values does that; for requests, set the name tag.", seriesCap, overflow)
}

// orphaned ends the test, for nobody reads what it measures.
func (o *Output) orphaned(cause error) {
	o.mu.Lock()
	o.lost = true
	o.mu.Unlock()
	err := fmt.Errorf("cells cannot be handed to the fleet's worker: %w", cause)
	time.AfterFunc(o.grace, func() { o.exit(int(exitcodes.ExternalAbort)) })
	o.stopTest(errext.WithAbortReasonIfNone(errext.WithExitCodeIfNone(err, exitcodes.ExternalAbort), errext.AbortedByOutput))
}

// lineClock measures what passes between lines.
type lineClock struct {
	at  time.Time
	cpu time.Duration
}

// read returns the CPU and wall seconds since it was last read.
func (c *lineClock) read() (cpu, wall Num) {
	at, used := time.Now(), cpuTime()
	cpu, wall = Num((used - c.cpu).Seconds()), Num(at.Sub(c.at).Seconds())
	c.at, c.cpu = at, used
	return cpu, wall
}
