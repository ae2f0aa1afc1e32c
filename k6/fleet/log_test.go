package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
)

// newCountedLog returns a log as k6 makes it, with a counter before its formatter.
func newCountedLog(out io.Writer, secrets ...string) (*logrus.Logger, *logCounter) {
	logger := logrus.New()
	logger.SetOutput(out)
	logger.SetFormatter(&logrus.TextFormatter{DisableColors: true})
	l := newLogCounter(logger.Formatter, newRedactor(secrets))
	logger.SetFormatter(l)
	return logger, l
}

func taken(l *logCounter) (line Line) {
	l.take(&line)
	return line
}

func exception(logger *logrus.Logger, at time.Time, text string) {
	logger.WithTime(at).WithFields(logrus.Fields{"source": "stacktrace", "scenario": "s", "executor": "x"}).Error(text)
}

var second0 = time.Unix(1_700_000_000, 0) //nolint:gochecknoglobals

func TestLogEntriesByMessage(t *testing.T) {
	logger, l := newCountedLog(io.Discard)
	stack := "\n\tat go.k6.io/k6/v2/js/modules/k6/http.(*Client).Request-fm (native)\n\tat get (file:///a b(1).js:7:3(23))\n\tat default (file:///t.js:1:1(2))\n"
	for i := range 3 {
		at := second0.Add(time.Duration(3-i) * time.Millisecond)
		exception(logger, at, fmt.Sprint("Error: user ", i, "\nnot found", stack))
	}
	logger.WithTime(second0).WithError(errors.New(`Get "http://h/1": EOF`)).Warn("Request Failed")
	logger.WithTime(second0).WithField("error", `Get "http://h/2": EOF`).Warn("Request Failed")
	logger.WithTime(second0).WithField("scenario", "s").Error("Uncaught (in promise) TypeError: x\n\tat file:///t.js:10:47(3)\n")
	logger.WithTime(second0).Warn("unknown option 7")
	logger.WithTime(second0).Info("nothing to count")
	logger.WithTime(second0).WithField("source", "console").Error("from the script")
	want := []LogMessage{
		{Message: "Error: user <n>\nnot found", Level: "error", Source: "exception", Scenario: "s", Place: "file:///a b(1).js:7:3", Count: 3, FirstAt: 1_700_000_000_001, LastAt: 1_700_000_000_003},
		{Message: `Request Failed: Get "<url>": EOF`, Level: "warning", Source: "request", Count: 2},
		{Message: "Uncaught (in promise) TypeError: x", Level: "error", Source: "exception", Scenario: "s", Place: "file:///t.js:10:47", Count: 1},
		{Message: "unknown option <n>", Level: "warning", Source: "k6", Count: 1},
		{Message: "from the script", Level: "error", Source: "console", Count: 1},
	}
	line := taken(l)
	if len(line.Log) != len(want) {
		t.Fatalf("got %+v", line.Log)
	}
	for i, got := range line.Log {
		example := got.Example
		got.Example = nil
		if want[i].FirstAt == 0 {
			want[i].FirstAt, want[i].LastAt = second0.UnixMilli(), second0.UnixMilli()
		}
		if got != want[i] {
			t.Errorf("got  %+v\nwant %+v", got, want[i])
		}
		if example == nil {
			t.Errorf("no example of %s", got.Message)
		}
	}
	if e := line.Log[0].Example; e.Message != "Error: user 0\nnot found" || e.Stack != strings.Trim(stack, "\n") || e.At != 1_700_000_000_003 {
		t.Errorf("the example is %+v", e)
	}
	exception(logger, second0, "Error: user 9\nnot found"+stack)
	if again := taken(l).Log; len(again) != 1 || again[0].Count != 1 || again[0].Example != nil {
		t.Errorf("after it was taken: %+v", again)
	}
}

func TestLogCountsAreExactUnderConcurrency(t *testing.T) {
	var out bytes.Buffer
	logger, l := newCountedLog(&out)
	const workers, each = 8, 5_000
	var wg sync.WaitGroup
	counts := make(map[string]uint64)
	add := func() {
		for _, m := range taken(l).Log {
			counts[m.Source] += m.Count
		}
	}
	done := make(chan struct{})
	for worker := range workers {
		wg.Go(func() {
			for i := range each {
				exception(logger, second0, fmt.Sprint("Error: ", worker*each+i))
				logger.WithTime(second0).WithError(fmt.Errorf("Get \"http://h/%d\": EOF", i)).Warn("Request Failed")
			}
		})
	}
	go func() { wg.Wait(); close(done) }()
	for open := true; open; {
		select {
		case <-done:
			open = false
		default:
		}
		add()
	}
	add()
	if counts["exception"] != workers*each || counts["request"] != workers*each {
		t.Errorf("counted %v", counts)
	}
	if lines := bytes.Count(out.Bytes(), []byte("\n")); lines > logPerSecond+2 {
		t.Errorf("%d lines were written", lines)
	}
}

func TestLogHoldsBackWhatIsTooMuchAndSaysSo(t *testing.T) {
	var out bytes.Buffer
	logger, l := newCountedLog(&out)
	for i := range 1000 {
		logger.WithTime(second0).WithField("source", "console").Info("line ", i)
	}
	exception(logger, second0, "Error: the first of its kind is written")
	logger.WithTime(second0.Add(time.Second)).Warn("next second")
	text := out.String()
	if n := strings.Count(text, "source=console"); n != logPerSecond {
		t.Errorf("%d lines", n)
	}
	for _, part := range []string{"900 lines of the log were held back", "the first of its kind", "next second"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in %s", part, text)
		}
	}
	big := strings.Repeat("x", 1<<18)
	out.Reset()
	for range 50 {
		logger.WithTime(second0.Add(5 * time.Second)).Info(big)
	}
	if out.Len() > logBytesPerSecond+len(big)+1000 {
		t.Errorf("%d bytes in one second", out.Len())
	}
	// The clock has stepped back by a minute.
	out.Reset()
	logger.WithTime(second0.Add(-time.Minute)).Info("still written")
	if !strings.Contains(out.String(), "still written") || l.held != 0 {
		t.Errorf("%s, %d held", out.String(), l.held)
	}
}

func TestConsoleLinesAreLimited(t *testing.T) {
	logger, l := newCountedLog(io.Discard)
	console := func(at time.Time, text string) { logger.WithTime(at).WithField("source", "console").Info(text) }
	for i := range 25 {
		console(second0.Add(time.Duration(i)*time.Millisecond), fmt.Sprint("line ", i))
	}
	console(second0.Add(time.Second), strings.Repeat("ä", maxConsoleBytes))
	line := taken(l)
	if len(line.Console) != consolePerSecond+1 || line.ConsoleHeld != 15 || len(line.Log) != 0 {
		t.Fatalf("%d lines, %d held", len(line.Console), line.ConsoleHeld)
	}
	if first := (ConsoleLine{T: second0.UnixMilli(), Level: "info", Message: "line 0"}); line.Console[0] != first {
		t.Errorf("got %+v", line.Console[0])
	}
	if long := line.Console[consolePerSecond].Message; len(long) != maxConsoleBytes {
		t.Errorf("%d bytes", len(long))
	}
	if again := taken(l); again.Console != nil || again.ConsoleHeld != 0 {
		t.Errorf("taken twice: %+v", again)
	}
	for i := range 100 * maxMessages { // nobody takes them
		console(second0.Add(time.Duration(i+2)*time.Second), "x")
	}
	if n := len(taken(l).Console); n != maxMessages*consolePerSecond {
		t.Errorf("%d lines are kept", n)
	}
}

func TestMessagesAreBounded(t *testing.T) {
	logger, l := newCountedLog(io.Discard)
	word := func(i int) string { return strings.Map(func(r rune) rune { return r + 'a' - '0' }, fmt.Sprint(i)) }
	for i := range 3 * maxMessages {
		exception(logger, second0, "Error: "+word(i)+" "+strings.Repeat("x", 5000)+"\n\tat default (file:///t.js:1:1(1))"+strings.Repeat("\n\tat f (file:///t.js:1:1(1))", 5000))
		logger.WithTime(second0).WithField("scenario", word(i)).Warn("another ", word(i))
	}
	var distinct, total uint64
	for _, m := range taken(l).Log {
		total += m.Count
		if m.Message == otherMessages {
			if m.Scenario != "" || m.Place != "" {
				t.Errorf("others of %+v", m)
			}
		} else {
			distinct++
		}
		if len(m.Message) > maxMessageBytes || len(m.Example.Message) > maxExampleBytes || len(m.Example.Stack) > maxStackBytes {
			t.Errorf("message %d, example %d, stack %d", len(m.Message), len(m.Example.Message), len(m.Example.Stack))
		}
	}
	if distinct != maxMessages || total != 6*maxMessages || len(l.messages) != maxMessages+2 {
		t.Errorf("%d distinct of %d", distinct, total)
	}
}

// A secret with digits is not recognizable after it has been normalized or cut.
func TestSecretsAreRedactedBeforeTheyAreNormalizedOrCut(t *testing.T) {
	secret := "hunter2-and-3 more"
	t.Setenv("TEST_SECRET", secret)
	t.Setenv("TEST_SHORT", "n")
	logger, l := newCountedLog(io.Discard, "TEST_SECRET", "TEST_SHORT", "TEST_UNSET")
	exception(logger, second0, "Error: "+secret+"\n\tat f (file:///t.js?k=hunter2-and-3%20more:1:1(1))")
	for i := range 100 {
		text := strings.Repeat(secret+" ", 100) + strings.Repeat("y", maxConsoleBytes/2+i) + secret + secret
		logger.WithTime(second0.Add(time.Duration(i)*time.Second)).WithField("source", "console").Error(text)
		text = strings.Repeat("z", maxExampleBytes-i) + secret
		logger.WithTime(second0).Warn(text)
	}
	line := taken(l)
	if len(line.Log) < 3 || line.Log[0].Message != "Error: ***" || line.Log[0].Place != "file:///t.js?k=***:1:1" {
		t.Fatalf("got %+v", line.Log[0])
	}
	for _, text := range func() (all []string) {
		for _, m := range line.Log {
			all = append(all, m.Message, m.Place, m.Example.Message, m.Example.Stack)
		}
		for _, c := range line.Console {
			all = append(all, c.Message)
		}
		return all
	}() {
		for end := 4; end <= len(secret); end++ {
			if strings.Contains(text, secret[:end]) || strings.Contains(text, "hunter<n>") {
				t.Fatalf("%q shows the start of the secret", text)
			}
		}
	}
}

func TestFailedRequestsByStatusAndCode(t *testing.T) {
	h := newHarness(t, nil)
	fail := func(v float64, pairs ...string) { h.sample(h.builtin.HTTPReqFailed, h.tags(pairs...), 1000, v) }
	for range 3 {
		fail(1, "status", "503", "error_code", "1503", "name", "a")
	}
	fail(1, "status", "503", "error_code", "1503", "name", "b")
	fail(0, "status", "200")
	fail(1, "name", "no tags")
	h.sample(h.builtin.HTTPReqs, h.tags("status", "503"), 1000, 1)
	want := []FailedRequests{{"503", "1503", 4}, {"", "", 1}}
	if got := h.takeFailures(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for i := range 2 * maxFailures {
		fail(1, "status", fmt.Sprint("own ", i))
	}
	got := h.takeFailures()
	if last := got[len(got)-1]; len(got) > maxFailures+1 || last.Status != otherStatus || last.Count < maxFailures {
		t.Errorf("%d ways, the last %+v", len(got), last)
	}
}

// While an output is running k6's log has its counter, before and after it has not.
func TestOutputCountsTheLogWhileItRuns(t *testing.T) {
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	formatter := logger.Formatter
	o := newTestOutput(t, "path="+t.TempDir()+"/lines")
	o.k6 = logger
	if err := o.Start(); err != nil {
		t.Fatal(err)
	}
	logger.Warn("counted")
	if err := o.Stop(); err != nil {
		t.Fatal(err)
	}
	if logger.Formatter != formatter {
		t.Error("the formatter was not restored")
	}
}

func BenchmarkLogCounter(b *testing.B) {
	logger, _ := newCountedLog(io.Discard)
	entry := logger.WithFields(logrus.Fields{"source": "stacktrace", "scenario": "s"})
	for i := range b.N {
		entry.Error("Error: user ", i, " not found\n\tat default (file:///t.js:1:1(1))\n")
	}
}
