package fleet

import (
	"fmt"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"
)

const (
	// maxMessages is how many distinct messages a process counts by themselves. All others of the same level and source
	// are counted together.
	maxMessages = 100
	// maxExampleBytes and maxStackBytes bound the example of a message.
	maxExampleBytes = 1024
	maxStackBytes   = 4096
	// consolePerSecond and maxConsoleBytes bound the lines of the script's console that are sent to the worker.
	consolePerSecond = 10
	maxConsoleBytes  = 2048
	// logPerSecond and logBytesPerSecond bound what is written to k6's log: a pipe that its reader does not drain in time
	// would block every VU that logs.
	logPerSecond      = 100
	logBytesPerSecond = 1 << 20
	// clockStep is by how much time may go back between two entries without a change of the clock, s.
	clockStep = 2
)

// otherMessages is the message under which those past maxMessages are counted.
const otherMessages = "(other)"

// Sources of messages.
const (
	fromException = "exception"
	fromRequest   = "request"
	fromConsole   = "console"
	fromK6        = "k6"
)

// messageKey identifies a distinct message.
type messageKey struct{ level, source, scenario, message, place string }

type countedMessage struct {
	LogMessage
	hasExample bool // it has been sent
}

// logCounter is the formatter of k6's log while a test runs. It counts warnings and errors by message, keeps some lines
// of the script's console for the worker, and holds back what is too much for the log.
//
// logrus calls Format under the logger's lock, after all hooks, so secrets that k6 knows are redacted already. It never
// blocks, whatever the reader of the log does. https://pkg.go.dev/github.com/sirupsen/logrus#Formatter
type logCounter struct {
	inner    logrus.Formatter
	redactor redactor

	// Used under the logger's lock only.
	second int64 // Unix
	lines  int
	bytes  int
	held   uint64 // lines since the last one that was written

	mu       sync.Mutex // guards all below; nothing is logged while it is held
	messages map[messageKey]*countedMessage
	order    []*countedMessage
	distinct int
	console  []ConsoleLine
	consoleT int64  // the second of the latest of them
	spoken   int    // how many of them were in that second
	silenced uint64 // lines of the console held back since the last take
}

func newLogCounter(inner logrus.Formatter, r redactor) *logCounter {
	return &logCounter{inner: inner, redactor: r, messages: make(map[messageKey]*countedMessage)}
}

// Format returns the line of an entry for the log; nothing if it is held back.
func (l *logCounter) Format(entry *logrus.Entry) ([]byte, error) {
	isFirst := l.record(entry)
	second := entry.Time.Unix()
	if second > l.second || second < l.second-clockStep {
		l.second, l.lines, l.bytes = second, 0, 0
	}
	// The first of each message is in the log in any case.
	if !isFirst && (l.lines >= logPerSecond || l.bytes >= logBytesPerSecond) {
		l.held++
		return nil, nil
	}
	line, err := l.inner.Format(entry)
	l.lines++
	l.bytes += len(line)
	if note := l.heldNote(); note != "" {
		l.held = 0
		// The entry's own buffer holds its line.
		noteLine, noteErr := l.inner.Format(&logrus.Entry{
			Logger: entry.Logger, Time: entry.Time, Level: logrus.InfoLevel, Message: note, Data: logrus.Fields{"output": "fleet"},
		})
		if noteErr == nil {
			line = append(noteLine, line...)
		}
	}
	return line, err
}

// heldNote says how many lines have been held back since the last one that was written; empty: none.
func (l *logCounter) heldNote() string {
	if l.held == 0 {
		return ""
	}
	return fmt.Sprintf("%d lines of the log were held back: at most %d a second are written; all are counted", l.held, logPerSecond)
}

// record counts an entry, and reports whether it is the first with its message.
func (l *logCounter) record(entry *logrus.Entry) bool {
	source, text := sourceOf(entry)
	if source != fromConsole && entry.Level > logrus.WarnLevel {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if source == fromConsole {
		l.addConsole(entry)
	}
	return entry.Level <= logrus.WarnLevel && l.count(entry, source, text)
}

func (l *logCounter) addConsole(entry *logrus.Entry) {
	second := entry.Time.Unix()
	if second > l.consoleT || second < l.consoleT-clockStep {
		l.consoleT, l.spoken = second, 0
	}
	// The bound on all of them is for a worker that does not take them.
	if l.spoken >= consolePerSecond || len(l.console) >= maxMessages*consolePerSecond {
		l.silenced++
		return
	}
	l.spoken++
	message := l.redactor.head(entry.Message, maxConsoleBytes)
	l.console = append(l.console, ConsoleLine{T: entry.Time.UnixMilli(), Level: entry.Level.String(), Message: message})
}

func (l *logCounter) count(entry *logrus.Entry, source, text string) (isFirst bool) {
	scenario, _ := entry.Data["scenario"].(string)
	message, stack := splitStack(text)
	// What is redacted may become shorter, so that more of it is part of the normalized message than of the text itself.
	message = l.redactor.head(message, maxExampleBytes)
	key := messageKey{level: entry.Level.String(), source: source, scenario: scenario, place: placeIn(stack)}
	if entry.Level < logrus.ErrorLevel {
		key.level = logrus.ErrorLevel.String() // fatal and panic
	}
	key.message = normalize(message)
	m, ok := l.messages[key]
	if !ok && l.distinct >= maxMessages {
		key = messageKey{level: key.level, source: source, message: otherMessages}
		m, ok = l.messages[key]
	} else if !ok {
		l.distinct++
		isFirst = true
	}
	if !ok {
		m = &countedMessage{LogMessage: LogMessage{
			Message: key.message, Level: key.level, Source: key.source, Scenario: key.scenario, Place: l.redactor.head(key.place, maxExampleBytes),
		}}
		l.messages[key] = m
	}
	at := entry.Time.UnixMilli()
	if m.Count == 0 {
		m.FirstAt, m.LastAt = at, at
		l.order = append(l.order, m)
	}
	m.Count++
	m.FirstAt, m.LastAt = min(m.FirstAt, at), max(m.LastAt, at)
	if !m.hasExample {
		m.hasExample = true
		m.Example = &LogExample{At: at, Message: message, Stack: l.redactor.head(stack, maxStackBytes)}
	}
	return isFirst
}

// take moves what was recorded since the last take into a line.
func (l *logCounter) take(line *Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.order {
		line.Log = append(line.Log, m.LogMessage)
		m.Count, m.Example = 0, nil
	}
	line.Console, line.ConsoleHeld = l.console, l.silenced
	l.order, l.console, l.silenced = nil, nil, 0
}

// sourceOf returns where an entry comes from, and its text with the error that k6 has put into a field.
func sourceOf(entry *logrus.Entry) (source, text string) {
	text = entry.Message
	switch {
	case entry.Data["source"] == "console":
		return fromConsole, text
	case entry.Data["source"] == "stacktrace", strings.HasPrefix(text, "Uncaught (in promise)"):
		return fromException, text
	}
	switch err := entry.Data[logrus.ErrorKey].(type) {
	case error:
		text += ": " + err.Error()
	case string:
		text += ": " + err
	}
	if entry.Message == "Request Failed" {
		return fromRequest, text
	}
	return fromK6, text
}

// splitStack separates the message of an exception from its stack, whose lines are `\tat name (file:line:column(…))`.
func splitStack(text string) (message, stack string) {
	if i := strings.Index(text, "\n\tat "); i >= 0 {
		return text[:i], strings.TrimRight(text[i+1:], "\n")
	}
	return text, ""
}

// placeIn returns the place in the script of the innermost frame that has one, such as `file:///test.js:7:3`.
func placeIn(stack string) string {
	for frame := range strings.Lines(stack) {
		frame = strings.TrimSuffix(strings.TrimSpace(frame), ")")
		i := strings.Index(frame, "://")
		if i < 0 {
			continue
		}
		start := strings.LastIndexAny(frame[:i], " (") + 1
		place := frame[start:]
		// The number in parentheses is of the instruction.
		if open := strings.LastIndexByte(place, '('); open >= 0 {
			place = place[:open]
		}
		return place
	}
	return ""
}
