package num

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
)

func TestNumAsJSON(t *testing.T) {
	for want, v := range map[string]float64{
		`"Inf"`: math.Inf(1), `"-Inf"`: math.Inf(-1), `"NaN"`: math.NaN(), `0`: math.Copysign(0, -1), `-1.5`: -1.5,
		`1e+21`: 1e21, `5e-324`: math.SmallestNonzeroFloat64,
	} {
		got, err := json.Marshal(Num(v))
		if err != nil || string(got) != want {
			t.Errorf("%v gave %s, %v; want %s", v, got, err, want)
		}
	}
}

func TestNumReadsBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		want := math.Float64frombits(random.Uint64())
		text, err := json.Marshal(Num(want))
		if err != nil {
			t.Fatal(err)
		}
		var got Num
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if same := float64(got) == want || math.IsNaN(want) && math.IsNaN(float64(got)); !same {
			t.Fatalf("%v came back as %v", want, got)
		}
	}
	for _, text := range []string{`"inf"`, `"1"`, `[]`, `true`} {
		var n Num
		if err := json.Unmarshal([]byte(text), &n); err == nil {
			t.Errorf("%s gave %v", text, n)
		}
	}
}
