// Package fleet is the output `--out fleet=…`: it folds k6's samples into cells of a second and writes them, one JSON
// line a flush, to the worker that supervises this k6. What it writes is the contract in core/contract/window.ts.
package fleet

import "k6-fleet/k6/num"

// Num is a float that JSON can carry.
type Num = num.Num

// Line is all that was measured since the line before it.
type Line struct {
	V int `json:"v"`
	// CPU seconds, user and system, that this process used since the line before.
	CPU Num `json:"cpu"`
	// Wall seconds since the line before.
	Wall  Num    `json:"wall"`
	Cells []Cell `json:"cells"`
	// Metrics that have passed their cap on series so far.
	Overflow []string `json:"overflow,omitempty"`
}

// Cell is what was measured in one aligned stretch of time, or a part of it: parts add up.
type Cell struct {
	// T is the start of the stretch in Unix seconds, a multiple of the cell width.
	T       int64        `json:"t"`
	Metrics []MetricCell `json:"metrics,omitempty"`
	Keys    []KeyCell    `json:"keys,omitempty"`
	// Group paths that were seen for the first time.
	Groups []string `json:"groups,omitempty"`
}

// MetricCell is one metric, as parts by its kept tags that add up to the whole.
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

// KeyCell is what one threshold key selected.
type KeyCell struct {
	Key      string `json:"key"`
	Type     string `json:"type"`
	Contains string `json:"contains"`
	// Nil for a whole metric, whose values are the sum of its series.
	Values any     `json:"values,omitempty"`
	Pivots []Pivot `json:"pivots,omitempty"`
}

// CounterValues are the values of a counter.
type CounterValues struct {
	Sum Num `json:"sum"`
}

// GaugeValues are the values of a gauge. At is when Last was taken, in Unix ms.
type GaugeValues struct {
	Last Num `json:"last"`
	At   Num `json:"at"`
	Min  Num `json:"min"`
	Max  Num `json:"max"`
}

// RateValues are the values of a rate. Passes counts the samples that were not zero.
type RateValues struct {
	Passes uint64 `json:"passes"`
	Total  uint64 `json:"total"`
}

// TrendValues are the values of a trend. Pos and Neg are [bucket, count, …] in ascending order of bucket.
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

// Pivot is what is known exactly about the samples of a key around one value.
type Pivot struct {
	V     Num    `json:"v"`
	Below uint64 `json:"below"`
	Equal uint64 `json:"equal"`
	// The greatest sample below V and the smallest above it; nil: there is none.
	MaxBelow *Num `json:"maxBelow,omitempty"`
	MinAbove *Num `json:"minAbove,omitempty"`
}
