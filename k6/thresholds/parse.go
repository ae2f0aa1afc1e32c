// Package thresholds parses threshold expressions, such as `p(95)<500`. k6 does not export its parsed form. This package
// accepts exactly what k6 accepts, which FuzzParse checks.
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
	// Percentile is 0 to 100 if Aggregate is p, otherwise 0. k6 reads a bare `p` as `p(0)`.
	Percentile float64
	// Operator is one of <, <=, >, >=, ==, ===, !=.
	Operator string
	// Value is what the aggregate is compared with. It may be infinite or NaN.
	Value float64
}

// operators are in k6's order, which matters: the first one with anything to its right wins, wherever it is in the
// expression. So `p(95)<5>=3` is split at `>=`, not at `<`.
var operators = []string{"<=", "<", ">=", ">", "===", "==", "!="}

var aggregates = map[string]bool{
	"value": true, "count": true, "rate": true, "avg": true, "min": true, "med": true, "max": true, Percentile: true,
}

// Parse parses one expression. Numbers are what strconv.ParseFloat accepts, including inf, 0x1p4 and 1_0.
func Parse(source string) (Expression, error) {
	left, operator, right, ok := split(source)
	if !ok {
		return Expression{}, fmt.Errorf("threshold %q: expected an aggregate, an operator and a value, such as p(95)<500", source)
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

// Key parses the name of a threshold, such as `http_reqs{status:200}`, into the metric and, for a sub-metric, the selector
// between the braces. name is k6's name of the sub-metric, in which the selector is trimmed.
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
		return "", 0, fmt.Errorf("unknown aggregate %q; use value, count, rate, avg, min, med, max or p(N)", s)
	}
	percentile, err = strconv.ParseFloat(strings.TrimSuffix(rest, ")"), 64)
	if err != nil || !(percentile >= 0 && percentile <= 100) { // negated to reject NaN too
		return "", 0, errors.New("the percentile must be a number between 0 and 100")
	}
	return Percentile, percentile, nil
}
