package fleet

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// contract is the TypeScript definition of what this package writes.
const contract = "../../core/contract/window.ts"

func readContract(t *testing.T) string {
	source, err := os.ReadFile(contract)
	if err != nil {
		t.Skipf("the contract was not found: %v", err)
	}
	return string(source)
}

// The fields, and which of them may be absent, must match the contract.
func TestFieldsMatchTheContract(t *testing.T) {
	source := readContract(t)
	for name, value := range map[string]any{
		"CellLine": Line{}, "Cell": Cell{}, "MetricCell": MetricCell{}, "Series": Series{}, "KeyCell": KeyCell{}, "Pivot": Pivot{},
		"CounterValues": CounterValues{}, "GaugeValues": GaugeValues{}, "RateValues": RateValues{}, "TrendValues": TrendValues{},
		"LogMessage": LogMessage{}, "LogExample": LogExample{}, "ConsoleLine": ConsoleLine{}, "FailedRequests": FailedRequests{},
	} {
		_, body, found := strings.Cut(source, "export interface "+name+" {\n")
		if !found {
			t.Errorf("the contract has no %s", name)
			continue
		}
		body, _, _ = strings.Cut(body, "\n}")
		want := map[string]bool{}
		for _, field := range regexp.MustCompile(`(?m)^  (\w+)(\??):`).FindAllStringSubmatch(body, -1) {
			want[field[1]] = field[2] == "?"
		}
		got := map[string]bool{}
		for _, field := range reflect.VisibleFields(reflect.TypeOf(value)) {
			json, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			got[json] = options == "omitempty"
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v here and %v in the contract (true: may be absent)", name, got, want)
		}
	}
	for name, value := range map[string]string{
		"HISTOGRAM_SCALE = ": strconv.Itoa(histogramScale), "OVERFLOW_TAG = ": "'" + overflowTag + "'",
		"OTHER_MESSAGES = ": "'" + otherMessages + "'", "OTHER_STATUS = ": "'" + otherStatus + "'",
	} {
		if !strings.Contains(source, name+value+";") {
			t.Errorf("the contract does not say %s%s", name, value)
		}
	}
}

func TestLineAsJSON(t *testing.T) {
	inf, zero := Num(math.Inf(-1)), Num(0)
	for want, value := range map[string]any{
		`{"v":1,"wall":0.5,"cells":[]}`: Line{V: 1, Wall: 0.5, Cells: []Cell{}},
		`{"t":5,"metrics":[{"name":"m","type":"gauge","contains":"default","series":[{"values":{"last":"NaN","at":1.5,"min":"-Inf","max":"Inf"}}]}]}`: Cell{
			T: 5, Metrics: []MetricCell{{"m", "gauge", "default", []Series{{
				map[string]string{}, GaugeValues{Num(math.NaN()), 1.5, inf, Num(math.Inf(1))},
			}}}},
		},
		`{"key":"k","type":"trend","contains":"time","pivots":[{"v":"-Inf","below":0,"equal":2,"minAbove":0}]}`: KeyCell{
			Key: "k", Type: "trend", Contains: "time", Pivots: []Pivot{{V: inf, Equal: 2, MinAbove: &zero}},
		},
		`{"count":1,"sum":1e-320,"min":1e-320,"max":1e+21,"pos":[-5,1]}`: TrendValues{
			Count: 1, Sum: 1e-320, Min: 1e-320, Max: 1e21, Pos: []int64{-5, 1},
		},
	} {
		got, err := json.Marshal(value)
		if err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
}
