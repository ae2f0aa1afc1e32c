// Package fleet implements the output `--out fleet=…`. It aggregates k6's samples into cells of one second and writes
// them to the worker that supervises this k6, one line of JSON per flush. core/contract/window.ts defines the format.
package fleet

import "k6-fleet/k6/num"

// Num is a float that JSON can carry.
type Num = num.Num

// Line holds everything measured since the previous line.
type Line struct {
	V int `json:"v"`
	// Wall is the time since the previous line, in seconds.
	Wall  Num    `json:"wall"`
	Cells []Cell `json:"cells"`
	// Overflow names the metrics that have exceeded their cap on series so far.
	Overflow []string `json:"overflow,omitempty"`
	// End marks the last line: k6 ended in the interval of its last cell, which may hold only a part of that interval.
	End bool `json:"end,omitempty"`
	// Log counts the warnings and errors of k6's log, by message.
	Log     []LogMessage  `json:"log,omitempty"`
	Console []ConsoleLine `json:"console,omitempty"`
	// ConsoleHeld is how many lines of the script's console were held back.
	ConsoleHeld    uint64           `json:"consoleHeld,omitempty"`
	FailedRequests []FailedRequests `json:"failedRequests,omitempty"`
}

// LogMessage counts the entries of k6's log with one message since the previous line.
type LogMessage struct {
	// Message is normalized.
	Message string `json:"message"`
	// Level is warning or error.
	Level string `json:"level"`
	// Source is exception, request, console or k6.
	Source   string `json:"source"`
	Scenario string `json:"scenario,omitempty"`
	// Place is where in the script an exception was thrown, such as file:///test.js:7:3.
	Place string `json:"place,omitempty"`
	Count uint64 `json:"count"`
	// FirstAt and LastAt are in Unix ms.
	FirstAt int64 `json:"firstAt"`
	LastAt  int64 `json:"lastAt"`
	// Example is the first entry with this message; nil after it has been sent.
	Example *LogExample `json:"example,omitempty"`
}

// LogExample is an entry as it was logged.
type LogExample struct {
	// At is in Unix ms.
	At      int64  `json:"at"`
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"`
}

// ConsoleLine is a line that the script wrote by console.log or the like.
type ConsoleLine struct {
	// T is in Unix ms.
	T       int64  `json:"t"`
	Level   string `json:"level"`
	Message string `json:"message"`
}

// FailedRequests counts requests that failed in one way since the previous line.
type FailedRequests struct {
	// Status and ErrorCode are the tags of that name; empty if they are absent.
	Status    string `json:"status"`
	ErrorCode string `json:"errorCode"`
	Count     uint64 `json:"count"`
}

// Cell holds what was measured in one aligned interval, or a part of that: the parts add up.
type Cell struct {
	// T is the start of the interval in Unix seconds, a multiple of the cell width.
	T       int64        `json:"t"`
	Metrics []MetricCell `json:"metrics,omitempty"`
	Keys    []KeyCell    `json:"keys,omitempty"`
	// Groups are the paths of groups seen for the first time.
	Groups []string `json:"groups,omitempty"`
}

// MetricCell is one metric, split by its kept tags. The series add up to the whole.
type MetricCell struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Contains string   `json:"contains"`
	Series   []Series `json:"series"`
}

// Series is one part of a metric.
type Series struct {
	Tags   map[string]string `json:"tags,omitempty"`
	Values any               `json:"values"`
}

// KeyCell holds the samples that one threshold key selected.
type KeyCell struct {
	Key      string `json:"key"`
	Type     string `json:"type"`
	Contains string `json:"contains"`
	// Values is nil for a whole metric, whose values are the sum of its series.
	Values any     `json:"values,omitempty"`
	Pivots []Pivot `json:"pivots,omitempty"`
}

// CounterValues are the values of a counter.
type CounterValues struct {
	Sum Num `json:"sum"`
}

// GaugeValues are the values of a gauge. At is the time of Last in Unix ms.
type GaugeValues struct {
	Last Num `json:"last"`
	At   Num `json:"at"`
	Min  Num `json:"min"`
	Max  Num `json:"max"`
}

// RateValues are the values of a rate. Passes counts the samples other than zero.
type RateValues struct {
	Passes uint64 `json:"passes"`
	Total  uint64 `json:"total"`
}

// TrendValues are the values of a trend. Pos and Neg are [bucket, count, …] by ascending bucket.
type TrendValues struct {
	Count  uint64  `json:"count"`
	Sum    Num     `json:"sum"`
	Min    Num     `json:"min"`
	Max    Num     `json:"max"`
	Zero   uint64  `json:"zero,omitempty"`
	Pos    []int64 `json:"pos,omitempty"`
	Neg    []int64 `json:"neg,omitempty"`
	PosInf uint64  `json:"posInf,omitempty"`
	NegInf uint64  `json:"negInf,omitempty"`
}

// Pivot holds exact counts of a key's samples around the value V.
type Pivot struct {
	V     Num    `json:"v"`
	Below uint64 `json:"below"`
	Equal uint64 `json:"equal"`
	// MaxBelow is the greatest sample below V, MinAbove the smallest above it; nil if there is none.
	MaxBelow *Num `json:"maxBelow,omitempty"`
	MinAbove *Num `json:"minAbove,omitempty"`
}
