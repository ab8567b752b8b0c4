package nn

import "fmt"

// Knows is how many of n classes a spec tells apart: fewer than n if its settings hold a
// table with fewer rows, or a U-Net without one.
func (s Spec) Knows(n int) int {
	switch {
	case s.UNet != nil && s.UNet.ClassEmbedding == nil && s.UNet.ClassEmbeddings == nil:
		return 0
	case s.UNet != nil && s.UNet.ClassEmbedding == nil:
		return min(n, *s.UNet.ClassEmbeddings)
	case s.DiT != nil:
		return min(n, s.DiT.ClassEmbeddings)
	}
	return n
}

// FewRowsError is a table with rows for some classes of the data only: the others are
// alike, and like no class.
type FewRowsError struct{ text string }

func (e *FewRowsError) Error() string { return e.text }

// checkClasses is a [FewRowsError] if a table has rows for some of n classes only.
func (s Spec) checkClasses(n int) error {
	switch known := s.Knows(n); {
	case known == n || known == 0:
		return nil
	case s.UNet != nil:
		return &FewRowsError{fmt.Sprintf("network.unet.num_class_embeds: found %d rows for data of %d classes, expected %d, the last for no class", known, n, n+1)}
	default:
		return &FewRowsError{fmt.Sprintf("network.dit.num_embeds_ada_norm: found %d for data of %d classes, expected %d", known, n, n)}
	}
}
