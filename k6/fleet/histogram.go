package fleet

import (
	"maps"
	"math"
	"math/big"
	"slices"
)

// Bucket i of a histogram counts the values v with 2^(i/128) < v <= 2^((i+1)/128), as in OpenTelemetry's exponential
// histogram of scale 7: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
const (
	histogramScale   = 7
	bucketsPerOctave = 1 << histogramScale
)

const (
	mantissaBits = 52
	mantissaMask = 1<<mantissaBits - 1
	exponentBias = 1023
)

var (
	// bounds[k] is the mantissa of 2^(k/128), rounded down. That power is irrational except for k = 0, so a float exceeds
	// it exactly if the float's mantissa is greater.
	bounds [bucketsPerOctave]uint64
	// firstBound[j] is the first k whose bound is not below all floats with the leading mantissa bits j. A search from
	// there takes at most two steps.
	firstBound [bucketsPerOctave]uint8
)

func init() {
	const precision = 256 // 128 multiplications lose about 8 bits; 53 are needed
	root := new(big.Float).SetPrec(precision).SetInt64(2)
	for range histogramScale {
		root.Sqrt(root)
	}
	power := new(big.Float).SetPrec(precision).SetInt64(1)
	for k := range bounds {
		f := new(big.Float).SetPrec(mantissaBits + 1).SetMode(big.ToZero).Set(power)
		v, _ := f.Float64()
		bounds[k] = math.Float64bits(v) & mantissaMask
		power.Mul(power, root)
	}
	for j := range firstBound {
		lowest := uint64(j) << (mantissaBits - histogramScale)
		k := 0
		for k < bucketsPerOctave && bounds[k] < lowest {
			k++
		}
		firstBound[j] = uint8(k)
	}
}

// bucketOf returns the bucket of a positive finite value. It is exact for every such float64.
func bucketOf(v float64) int {
	bits := math.Float64bits(v)
	exponent := int(bits>>mantissaBits) - exponentBias
	if exponent == -exponentBias { // subnormal: scaling by a power of two is exact
		bits = math.Float64bits(v * (1 << mantissaBits))
		exponent = int(bits>>mantissaBits) - exponentBias - mantissaBits
	}
	mantissa := bits & mantissaMask
	k := int(firstBound[mantissa>>(mantissaBits-histogramScale)])
	for k < bucketsPerOctave && bounds[k] < mantissa {
		k++
	}
	return exponent*bucketsPerOctave + k - 1
}

// The values of a series in one cell mostly span a few octaves: they are counted in a dense window that grows to at most
// 32 octaves (16 KiB). Values outside it, such as 1e-300 next to 1e300, are counted in a map.
const (
	initialWindow = 64
	maxWindow     = 32 * bucketsPerOctave
)

// buckets counts values by bucket.
type buckets struct {
	low    int // the bucket of counts[0]
	counts []uint32
	far    map[int]uint64
}

func (b *buckets) add(bucket int) {
	if i := bucket - b.low; uint(i) < uint(len(b.counts)) {
		b.counts[i]++
		return
	}
	b.addOutside(bucket)
}

func (b *buckets) addOutside(bucket int) {
	if b.counts == nil {
		b.low = bucket - initialWindow/2
		b.counts = make([]uint32, initialWindow)
	} else if !b.grow(bucket) {
		if b.far == nil {
			b.far = make(map[int]uint64)
		}
		b.far[bucket]++
		return
	}
	b.counts[bucket-b.low]++
}

// grow widens the window to include a bucket, and reports whether it could. Once the map is in use the window no longer
// grows, so that no bucket is in both.
func (b *buckets) grow(bucket int) bool {
	low, end := min(b.low, bucket), max(b.low+len(b.counts), bucket+1)
	if b.far != nil || end-low > maxWindow {
		return false
	}
	size := initialWindow
	for size < end-low {
		size *= 2
	}
	slack := size - (end - low)
	if bucket < b.low { // spare room goes to the side that grows
		low -= slack
	}
	counts := make([]uint32, size)
	copy(counts[b.low-low:], b.counts)
	b.low, b.counts = low, counts
	return true
}

// pairs returns [bucket, count, …] of the non-empty buckets, in ascending order.
func (b *buckets) pairs() []int64 {
	var pairs []int64
	far := slices.Sorted(maps.Keys(b.far))
	for len(far) > 0 && far[0] < b.low {
		pairs = append(pairs, int64(far[0]), int64(b.far[far[0]]))
		far = far[1:]
	}
	for i, count := range b.counts {
		if count > 0 {
			pairs = append(pairs, int64(b.low+i), int64(count))
		}
	}
	for _, bucket := range far {
		pairs = append(pairs, int64(bucket), int64(b.far[bucket]))
	}
	return pairs
}
