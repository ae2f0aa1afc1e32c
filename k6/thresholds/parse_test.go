package thresholds

import (
	"math"
	"testing"
	"time"

	"go.k6.io/k6/v2/metrics"
)

func TestParse(t *testing.T) {
	for source, want := range map[string]Expression{
		"p(95)<500":               {"p", 95, "<", 500},
		"p(99.9) <= 1e3":          {"p", 99.9, "<=", 1000},
		"  avg\t>=\n1.5 ":         {"avg", 0, ">=", 1.5},
		"rate===0":                {"rate", 0, "===", 0},
		"rate==0":                 {"rate", 0, "==", 0},
		"value!=-3":               {"value", 0, "!=", -3},
		"count>0x1p4":             {"count", 0, ">", 16},
		"count>0x_1p4":            {"count", 0, ">", 16},
		"max<inf":                 {"max", 0, "<", math.Inf(1)},
		"min>-Infinity":           {"min", 0, ">", math.Inf(-1)},
		"p<5":                     {"p", 0, "<", 5},
		"p(0x1p4)<5":              {"p", 16, "<", 5},
		"med<1_0":                 {"med", 0, "<", 10},
		"p(100)<4.9e-324":         {"p", 100, "<", 5e-324},
		"p(12.5)<+1":              {"p", 12.5, "<", 1},
		"p(1e1)>0x.8p0":           {"p", 10, ">", 0.5},
		"p(95)<000500":            {"p", 95, "<", 500},
		"\u2003max\u00a0<\u20031": {"max", 0, "<", 1},
	} {
		got, err := Parse(source)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", source, got, err, want)
		}
	}
	if got, err := Parse("max<nan"); err != nil || !math.IsNaN(got.Value) {
		t.Errorf("Parse(max<nan) = %+v, %v; want NaN", got, err)
	}
}

func TestParseRejects(t *testing.T) {
	for _, source := range []string{
		"", " ", "p(95)", "<500", "p(95)<", "p(95)<=", "p(95)< ", "p()<1", "p(101)<1", "p(-1)<1", "p(nan)<1", "p(inf)<1",
		"p( 95)<1", "p(95 )<1", "p (95)<1", "P(95)<1", "AVG<1", "avg(1)<1", "p(95)<5>=3", "p(95)=5", "rate=>5", "max<1,5",
		"max<_10", "max<5ms", "max<1e999", "p(95)<1 && max<2", "p(p(95))<1", "p)(<1",
	} {
		if got, err := Parse(source); err == nil {
			t.Errorf("Parse(%q) = %+v; want an error", source, got)
		}
	}
}

// FuzzParse compares Parse with k6's own parser: it must accept the same sources and give the same verdicts on samples.
func FuzzParse(f *testing.F) {
	for _, source := range []string{
		"p(95)<500", "p(95) <= 5e2", "avg>=1", "rate===0", "rate==0", "value!=3", "count>0x1p4", "max<inf", "min>-Inf", "p<5",
		"med<nan", "p(0)<0", "p(-0)>0", "p(33.3)>=30.37", "<", "p(95)<=", "p(95)<5>=3", "=== 1", "p(95)====1", "rate!==1",
		"p((5)<1", "p(5))<1", "value<1_0", "value<0x_1p0", "\u00a0value<\u20031", "p(1e-400)<1", "p(1e400)<1", "rate<!=1",
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		expression, err := Parse(source)
		theirs := metrics.NewThresholds([]string{source})
		theirErr := theirs.Parse()
		if (err == nil) != (theirErr == nil) {
			t.Fatalf("%q: we say %v, k6 says %v", source, err, theirErr)
		}
		if err != nil {
			return
		}
		for _, sample := range samplesAround(expression.Value) {
			sink, lhs := sinkFor(expression, sample)
			passed, err := theirs.Run(sink, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if want := holds(lhs, expression.Operator, expression.Value); passed != want {
				t.Fatalf("%q with %v: k6 says %v, %+v says %v", source, lhs, passed, expression, want)
			}
		}
	})
}

func samplesAround(v float64) []float64 {
	return []float64{v, math.Nextafter(v, math.Inf(-1)), math.Nextafter(v, math.Inf(1)), 0, 1, -1, 50}
}

// sinkFor returns a k6 sink and its value of the expression's aggregate.
func sinkFor(e Expression, v float64) (metrics.Sink, float64) {
	switch e.Aggregate {
	case "value":
		return &metrics.GaugeSink{Value: v}, v
	case "count":
		return &metrics.CounterSink{Value: v}, v
	case "rate":
		return &metrics.CounterSink{Value: v}, v // over one second
	}
	trend := metrics.NewTrendSink()
	if e.Aggregate != Percentile {
		trend.Add(metrics.Sample{Value: v})
		return trend, v // avg, min, med and max of one sample
	}
	for i := range 101 {
		trend.Add(metrics.Sample{Value: float64(i)})
	}
	return trend, trend.P(e.Percentile / 100)
}

func holds(lhs float64, operator string, rhs float64) bool {
	switch operator {
	case "<":
		return lhs < rhs
	case "<=":
		return lhs <= rhs
	case ">":
		return lhs > rhs
	case ">=":
		return lhs >= rhs
	case "!=":
		return lhs != rhs
	}
	return lhs == rhs
}

func TestKey(t *testing.T) {
	for source, want := range map[string][3]string{
		"http_reqs":                    {"http_reqs", "http_reqs", ""},
		"http_reqs{status:200}":        {"http_reqs{status:200}", "http_reqs", "status:200"},
		"mine{ a : b, 'c':\"d}e\" \t}": {"mine{a : b, 'c':\"d}e\"}", "mine", "a : b, 'c':\"d}e\""},
	} {
		name, metric, selector, err := Key(source)
		if got := [3]string{name, metric, selector}; err != nil || got != want {
			t.Errorf("Key(%q) = %q, %v; want %q", source, got, err, want)
		}
		if selector == "" {
			continue
		}
		sub, err := metrics.NewRegistry().MustNewMetric(metric, metrics.Counter).AddSubmetric(selector)
		if err != nil || sub.Name != name {
			t.Errorf("k6 calls %q %q, not %q: %v", source, sub.Name, name, err)
		}
	}
	if _, _, _, err := Key("http_reqs{status:200"); err == nil {
		t.Error("a key without its closing brace was accepted")
	}
}
