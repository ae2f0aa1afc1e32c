package fleet

import (
	"cmp"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// inBucket reports whether 2^(i/128) < v <= 2^((i+1)/128), exactly: as 2^i < v^128 <= 2^(i+1).
func inBucket(v float64, i int) bool {
	power := new(big.Float).SetPrec(53 * bucketsPerOctave).SetFloat64(v)
	for range histogramScale {
		power.Mul(power, power)
	}
	bound := func(e int) *big.Float { return new(big.Float).SetMantExp(big.NewFloat(1), e) }
	return power.Cmp(bound(i)) > 0 && power.Cmp(bound(i+1)) <= 0
}

func TestBucketAtEdges(t *testing.T) {
	for _, test := range []struct {
		v    float64
		want int
	}{
		{1, -1}, {math.Nextafter(1, 2), 0}, {2, 127}, {math.Nextafter(2, 3), 128}, {4, 255}, {0.5, -129}, {1024, 1279},
		{math.MaxFloat64, 1024*128 - 1}, {math.SmallestNonzeroFloat64, -1074*128 - 1},
		{0x1p-1022, -1022*128 - 1}, {math.Nextafter(0x1p-1022, 0), -1022*128 - 1}, {0x1.8p-1074, -1073*128 - 1},
	} {
		if got := bucketOf(test.v); got != test.want || !inBucket(test.v, got) {
			t.Errorf("bucketOf(%g) = %d, want %d", test.v, got, test.want)
		}
	}
}

func TestBucketIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	check := func(v float64) {
		if v > 0 && !math.IsInf(v, 1) && !inBucket(v, bucketOf(v)) {
			t.Errorf("bucketOf(%g) = %d is wrong", v, bucketOf(v))
		}
	}
	for range 2000 {
		check(math.Float64frombits(random.Uint64() >> 1))                   // any exponent
		check(math.Ldexp(1+random.Float64(), random.IntN(40)-20))           // typical durations
		check(math.Float64frombits(random.Uint64N(1<<random.IntN(52)) + 1)) // subnormal
	}
	for k, mantissa := range bounds { // both sides of every bound
		for _, exponent := range []uint64{1, exponentBias, exponentBias + 9, 2046} {
			bits := exponent<<mantissaBits | mantissa
			check(math.Float64frombits(bits))
			check(math.Float64frombits(bits + 1))
			check(math.Float64frombits(bits - 1))
		}
		if math.Abs(float64(mantissa)/(1<<mantissaBits)-(math.Exp2(float64(k)/128)-1)) > 1e-15 {
			t.Errorf("bound %d is not 2^(%d/128)", k, k)
		}
	}
}

func TestBucketsCountLikeAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var b buckets
		want := map[int]int64{}
		spread := 1 << random.IntN(19) // from one bucket to the range of float64
		for range random.IntN(300) {
			bucket := random.IntN(spread) - spread/2
			b.add(bucket)
			want[bucket]++
		}
		if got := b.pairs(); !slices.Equal(got, sortedPairs(want)) {
			t.Fatalf("spread %d: %v, want %v", spread, got, sortedPairs(want))
		}
		if len(b.counts) > maxWindow {
			t.Fatalf("the window has %d buckets", len(b.counts))
		}
	}
}

func sortedPairs(counts map[int]int64) []int64 {
	type pair struct{ bucket, count int64 }
	var all []pair
	for bucket, count := range counts {
		all = append(all, pair{int64(bucket), count})
	}
	slices.SortFunc(all, func(a, b pair) int { return cmp.Compare(a.bucket, b.bucket) })
	var flat []int64
	for _, p := range all {
		flat = append(flat, p.bucket, p.count)
	}
	return flat
}
