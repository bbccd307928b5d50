package isolation

import (
	"errors"
	"testing"

	"github.com/anishathalye/porcupine"
)

// Each fault must be found. Whether one history shows it depends on timing (nine in ten do, on an idle machine and on a
// busy one), so histories are recorded until three have shown it: a checker that finds a fault half the time succeeds,
// one that cannot find it fails.
func TestBrokenEndpointsAreCaught(t *testing.T) {
	url, end := start(t, "--in-memory")
	defer end()
	const enough, most = 3, 12
	for _, row := range []struct {
		name   string
		fault  Fault
		rarity int
	}{
		{"stale reads", StaleReads, 2},
		{"lost writes", LostWrites, 2},
		{"late writes", LateWrites, 2},
		{"half transactions", HalfTransactions, 2},
		{"torn transactions", TornTransactions, 1},
		{"torn reads", TornReads, 1},
		{"double writes", DoubleWrites, 3},
		{"forgotten tokens", ForgottenTokens, 1},
		{"ignored conditions", IgnoredConditions, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			caught, histories := 0, 0
			for ; histories < most && caught < enough; histories++ {
				seed := int64(1 + histories)
				faulty := NewFaulty(url, row.fault, row.rarity, seed)
				recorded, err := Record(1_000_000+seed, Size{Clients: 4, Operations: 15}, at(faulty.URL), NoLosses)
				faulty.Close()
				if err != nil && !errors.Is(err, errBroken) {
					t.Fatal(err)
				}
				if result, _ := Verdict(recorded, ""); err != nil || result == porcupine.Illegal {
					caught++
				}
			}
			t.Logf("caught in %d of %d histories", caught, histories)
			if caught < enough {
				t.Error("the fault went unseen")
			}
		})
	}
}

// A proxy without a fault changes nothing, so the test above detects the faults, not the proxy.
func TestAnHonestProxyIsNotAccused(t *testing.T) {
	url, end := start(t, "--in-memory")
	defer end()
	honest := NewFaulty(url, nothing, 1, 1)
	defer honest.Close()
	judge := judge{t: t}
	judge.checkHistories(honest.URL, 1, 20, full)
	judge.end()
}

func nothing(_ *Faulty, _ string, _ []byte, _ func(string, []byte) reply) (reply, bool) {
	return reply{}, false
}
