package fleet

import (
	"math"
	"time"

	"go.k6.io/k6/v2/metrics"
)

// accumulator adds up the samples of one series, or of one threshold key, in one cell.
type accumulator interface {
	add(v float64, at time.Time)
	// values returns the sum as the contract defines it.
	values() any
}

func newAccumulator(t metrics.MetricType) accumulator {
	switch t {
	case metrics.Counter:
		return &counter{}
	case metrics.Gauge:
		return &gauge{}
	case metrics.Rate:
		return &rate{}
	default:
		return &trend{min: math.Inf(1), max: math.Inf(-1)}
	}
}

type counter struct{ sum float64 }

func (c *counter) add(v float64, _ time.Time) { c.sum += v }

func (c *counter) values() any { return CounterValues{Sum: Num(c.sum)} }

type gauge struct {
	last, min, max float64
	at             time.Time
	seen           bool
}

func (g *gauge) add(v float64, at time.Time) {
	if !g.seen {
		*g = gauge{last: v, min: v, max: v, at: at, seen: true}
		return
	}
	g.min, g.max = min(g.min, v), max(g.max, v)
	if !at.Before(g.at) {
		g.last, g.at = v, at
	}
}

func (g *gauge) values() any {
	at := float64(g.at.UnixMicro()) / 1000
	return GaugeValues{Last: Num(g.last), At: Num(at), Min: Num(g.min), Max: Num(g.max)}
}

type rate struct{ passes, total uint64 }

func (r *rate) add(v float64, _ time.Time) {
	r.total++
	if v != 0 {
		r.passes++
	}
}

func (r *rate) values() any { return RateValues{Passes: r.passes, Total: r.total} }

type trend struct {
	count, zero, posInf, negInf uint64
	sum, min, max               float64
	pos, neg                    buckets
}

func (t *trend) add(v float64, _ time.Time) {
	t.count++
	t.sum += v
	if v < t.min {
		t.min = v
	}
	if v > t.max {
		t.max = v
	}
	switch {
	case v == 0:
		t.zero++
	case v > math.MaxFloat64:
		t.posInf++
	case v < -math.MaxFloat64:
		t.negInf++
	case v > 0:
		t.pos.add(bucketOf(v))
	default:
		t.neg.add(bucketOf(-v))
	}
}

func (t *trend) values() any {
	return TrendValues{
		Count: t.count, Sum: Num(t.sum), Min: Num(t.min), Max: Num(t.max),
		Zero: t.zero, Pos: t.pos.pairs(), Neg: t.neg.pairs(), PosInf: t.posInf, NegInf: t.negInf,
	}
}
