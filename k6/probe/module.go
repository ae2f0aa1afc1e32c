// Package probe implements the JavaScript module `k6/x/fleet`. In a script's init context it lists the script's metrics.
//
//	import * as script from './script.js';
//	import fleet from 'k6/x/fleet';
//	export const options = { ext: { fleetProbe: { exports: Object.keys(script), metrics: fleet.metrics() } } };
//	export default function () {}
//
// `k6 inspect` of such a wrapper prints them.
package probe

import (
	"cmp"
	"errors"
	"slices"

	"go.k6.io/k6/v2/js/modules"
)

func init() {
	modules.Register("k6/x/fleet", &module{})
}

type module struct{}

type instance struct{ vu modules.VU }

// metric is one metric of the script, or of k6 itself.
type metric struct {
	Name     string `js:"name"`
	Type     string `js:"type"`
	Contains string `js:"contains"`
}

func (*module) NewModuleInstance(vu modules.VU) modules.Instance { return instance{vu} }

func (i instance) Exports() modules.Exports {
	named := map[string]any{"metrics": i.metrics}
	return modules.Exports{Default: named, Named: named}
}

// metrics returns all metrics that exist so far, sorted by name.
func (i instance) metrics() ([]metric, error) {
	env := i.vu.InitEnv()
	if env == nil {
		return nil, errors.New("metrics() of k6/x/fleet can only be called in the init context")
	}
	var all []metric
	for _, m := range env.Registry.All() {
		all = append(all, metric{m.Name, m.Type.String(), m.Contains.String()})
	}
	slices.SortFunc(all, func(a, b metric) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}
