// Package thresholds reads threshold expressions, such as `p(95)<500`, by k6's rules. k6 keeps its own parsed form to
// itself; what this package accepts is exactly what k6 accepts, which FuzzParse checks against k6.
package thresholds

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.k6.io/k6/v2/metrics"
)

// Percentile is the aggregate of `p(95)<500`.
const Percentile = "p"

// Expression is a parsed threshold.
type Expression struct {
	// Aggregate is one of value, count, rate, avg, min, med, max, p.
	Aggregate string
	// Percentile is 0 to 100 where Aggregate is p, else 0. k6 takes a bare `p` for `p(0)`.
	Percentile float64
	// Operator is one of <, <=, >, >=, ==, ===, !=.
	Operator string
	// Value is what the aggregate is compared with. It may be infinite or NaN.
	Value float64
}

// The order is k6's, and it matters: the first operator that has anything to its right wins, wherever it stands. So
// `p(95)<5>=3` is split at `>=`, not at `<`.
var operators = []string{"<=", "<", ">=", ">", "===", "==", "!="}

var aggregates = map[string]bool{
	"value": true, "count": true, "rate": true, "avg": true, "min": true, "med": true, "max": true, Percentile: true,
}

// Parse reads one expression. Numbers are what strconv.ParseFloat takes: inf, 0x1p4 and 1_0 included.
func Parse(source string) (Expression, error) {
	left, operator, right, ok := split(source)
	if !ok {
		return Expression{}, fmt.Errorf("threshold %q: no operator with a value after it", source)
	}
	aggregate, percentile, err := parseAggregate(left)
	if err != nil {
		return Expression{}, fmt.Errorf("threshold %q: %w", source, err)
	}
	value, err := strconv.ParseFloat(right, 64)
	if err != nil {
		return Expression{}, fmt.Errorf("threshold %q: %q is not a number", source, right)
	}
	return Expression{Aggregate: aggregate, Percentile: percentile, Operator: operator, Value: value}, nil
}

// Key reads the name of a threshold, such as `http_reqs{status:200}`: the metric and, for a sub-metric, the selector
// between the braces. name is what k6 calls that sub-metric, of whose selector it trims the ends.
func Key(source string) (name, metric, selector string, err error) {
	metric, _, err = metrics.ParseMetricName(source)
	if err != nil {
		return "", "", "", err
	}
	inner, isSub := strings.CutPrefix(source, metric+"{")
	if !isSub {
		return metric, metric, "", nil
	}
	selector = strings.TrimSpace(strings.TrimSuffix(inner, "}"))
	return metric + "{" + selector + "}", metric, selector, nil
}

func split(source string) (left, operator, right string, ok bool) {
	for _, operator := range operators {
		if left, right, _ := strings.Cut(source, operator); right != "" {
			return strings.TrimSpace(left), operator, strings.TrimSpace(right), true
		}
	}
	return "", "", "", false
}

func parseAggregate(s string) (aggregate string, percentile float64, err error) {
	if aggregates[s] {
		return s, 0, nil
	}
	rest, ok := strings.CutPrefix(s, "p(")
	if !ok || !strings.HasSuffix(s, ")") {
		return "", 0, fmt.Errorf("%q is none of value, count, rate, avg, min, med, max, p(N)", s)
	}
	percentile, err = strconv.ParseFloat(strings.TrimSuffix(rest, ")"), 64)
	if err != nil || !(percentile >= 0 && percentile <= 100) { // the negation catches NaN
		return "", 0, errors.New("the percentile must be a number between 0 and 100")
	}
	return Percentile, percentile, nil
}
