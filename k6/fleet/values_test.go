package fleet

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"go.k6.io/k6/v2/metrics"
)

// anySample returns any value that a trend may hold.
func anySample(random *rand.Rand) float64 {
	switch random.IntN(12) {
	case 0:
		return 0
	case 1:
		return math.Inf(1 - 2*random.IntN(2))
	case 2:
		return -random.ExpFloat64()
	case 3:
		return math.Float64frombits(random.Uint64() & (1<<62 - 1))
	case 4:
		return float64(random.IntN(5)) // repeats
	}
	return random.ExpFloat64() * 100
}

func samplesOf(random *rand.Rand) []float64 {
	samples := make([]float64, 1+random.IntN(200))
	for i := range samples {
		samples[i] = anySample(random)
	}
	return samples
}

func TestTrendAgainstItsSamples(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		samples := samplesOf(random)
		acc := newAccumulator(metrics.Trend)
		var sum float64
		pos, neg := map[int]int64{}, map[int]int64{}
		var zero, posInf, negInf uint64
		for _, v := range samples {
			acc.add(v, time.Time{})
			sum += v
			switch {
			case math.IsInf(v, 1):
				posInf++
			case math.IsInf(v, -1):
				negInf++
			case v == 0:
				zero++
			case v > 0:
				pos[bucketOf(v)]++
			default:
				neg[bucketOf(-v)]++
			}
		}
		got := acc.values().(TrendValues)
		if got.Count != uint64(len(samples)) || got.Zero != zero || got.PosInf != posInf || got.NegInf != negInf ||
			float64(got.Min) != slices.Min(samples) || float64(got.Max) != slices.Max(samples) ||
			!slices.Equal(got.Pos, sortedPairs(pos)) || !slices.Equal(got.Neg, sortedPairs(neg)) {
			t.Fatalf("%v gave %+v", samples, got)
		}
		if same := float64(got.Sum) == sum || math.IsNaN(float64(got.Sum)) && math.IsNaN(sum); !same {
			t.Fatalf("sum is %v, want %v", got.Sum, sum)
		}
	}
}

func TestGaugeKeepsTheLatest(t *testing.T) {
	g := newAccumulator(metrics.Gauge)
	g.add(3, time.UnixMilli(2000))
	g.add(-1, time.UnixMilli(1000)) // late
	if got, want := g.values(), (GaugeValues{Last: 3, At: 2000, Min: -1, Max: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRateCountsAllButZero(t *testing.T) {
	r := newAccumulator(metrics.Rate)
	for _, v := range []float64{0, 1, -2, math.Inf(1), 0} {
		r.add(v, time.Time{})
	}
	if got, want := r.values(), (RateValues{Passes: 3, Total: 5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The added-up pivots of parts must decide every comparison of a percentile as k6 does with all samples.
func TestPivotsDecideAsAllSamplesWould(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		samples := samplesOf(random)
		v := samples[random.IntN(len(samples))]
		if random.IntN(3) == 0 {
			v = anySample(random)
		}
		parts := make([]pivot, 1+random.IntN(4))
		for i := range parts {
			parts[i].v = v
		}
		for _, s := range samples {
			parts[random.IntN(len(parts))].add(s)
		}
		merged := mergePivots(parts)
		sink := metrics.NewTrendSink()
		for _, s := range samples {
			sink.Add(metrics.Sample{Value: s})
		}
		percentile := []float64{0, 0.5, 0.9, 0.95, 0.999, 1, random.Float64()}[random.IntN(7)]
		want := order(sink.P(percentile), v)
		if got := merged.order(percentile, infinities(samples)); got != want {
			t.Fatalf("p(%v) of %v is %d of %v, the pivot says %d", percentile*100, samples, want, v, got)
		}
	}
}

// counts are the numbers of samples and of infinite samples, which a trend has besides its pivots.
type counts struct{ all, negInf, posInf int }

func infinities(samples []float64) counts {
	c := counts{all: len(samples)}
	for _, v := range samples {
		if math.IsInf(v, -1) {
			c.negInf++
		}
		if math.IsInf(v, 1) {
			c.posInf++
		}
	}
	return c
}

func mergePivots(parts []pivot) pivot {
	merged := pivot{v: parts[0].v, maxBelow: math.Inf(-1), minAbove: math.Inf(1)}
	for _, p := range parts {
		out := p.values()
		merged.below += out.Below
		merged.equal += out.Equal
		if out.MaxBelow != nil {
			merged.maxBelow = max(merged.maxBelow, float64(*out.MaxBelow))
		}
		if out.MinAbove != nil {
			merged.minAbove = min(merged.minAbove, float64(*out.MinAbove))
		}
	}
	return merged
}

// order returns -1, 0 or 1 if a is below, equal to or above b, and 2 if a is NaN.
func order(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	return 2
}

// order compares the percentile with v, by k6's interpolation j + (k-j)·f between the samples of the two nearest ranks.
// Only the samples next to v matter: of the others it is enough to know on which side of v they are. If j is infinite the
// formula gives NaN.
func (p pivot) order(percentile float64, n counts) int {
	rank := percentile * (float64(n.all) - 1)
	low, high := int(math.Floor(rank)), int(math.Ceil(rank))
	if n.all == 1 {
		return order(p.sample(0), p.v)
	}
	below := int(p.below)
	switch {
	case low < n.negInf || low >= n.all-n.posInf:
		return 2
	case high < below:
		return -1
	case low >= below+int(p.equal):
		return 1
	}
	j, k := p.sample(low), p.sample(high)
	return order(j+(k-j)*(rank-float64(low)), p.v)
}

// sample returns the sample with a rank if that is next to v, or equal to v.
func (p pivot) sample(rank int) float64 {
	switch {
	case rank < int(p.below):
		return p.maxBelow
	case rank < int(p.below+p.equal):
		return p.v
	}
	return p.minAbove
}
