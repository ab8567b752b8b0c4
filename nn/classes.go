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

// checkClasses refuses a table with rows for some of n classes only: the others would be
// alike, and like no class.
func (s Spec) checkClasses(n int) error {
	switch known := s.Knows(n); {
	case known == n || known == 0:
		return nil
	case s.UNet != nil:
		return fmt.Errorf("network.unet.num_class_embeds: found %d rows for data of %d classes, expected %d, the last for no class", known, n, n+1)
	default:
		return fmt.Errorf("network.dit.num_embeds_ada_norm: found %d for data of %d classes, expected %d", known, n, n)
	}
}
