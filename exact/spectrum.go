package exact

import (
	"fmt"
	"math"
)

// spectrum takes a covariance apart: a = Qᵀ·diag(root²)·Q, where row i of Q is the
// eigenvector of root[i]². basis is Q, or nil if a is diagonal. It refuses a matrix
// that is not finite, not symmetric, or not safely positive definite, and leaves a
// exactly symmetric.
func spectrum(a []float64, dim int) (root, basis []float64, err error) {
	diagonal := true
	for i := range dim {
		for j := range dim {
			v, w := a[i*dim+j], a[j*dim+i]
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, nil, fmt.Errorf("found %v at row %d, column %d, expected finite numbers", v, i, j)
			}
			if i == j {
				if !(v > 0) {
					return nil, nil, fmt.Errorf("found variance %v at position %d, expected more than 0", v, i)
				}
				continue
			}
			diagonal = diagonal && v == 0
			if math.Abs(v-w) > 1e-10*math.Sqrt(math.Abs(a[i*dim+i]))*math.Sqrt(math.Abs(a[j*dim+j])) {
				return nil, nil, fmt.Errorf("found %v and %v across the diagonal at row %d, column %d, expected a symmetric matrix", v, w, i, j)
			}
			a[i*dim+j], a[j*dim+i] = (v+w)/2, (v+w)/2
		}
	}
	root = make([]float64, dim)
	if diagonal {
		for i := range dim {
			root[i] = math.Sqrt(a[i*dim+i])
		}
		return root, nil, nil
	}
	work := append([]float64(nil), a...)
	basis = jacobi(work, dim)
	largest := 0.0
	for i := range dim {
		largest = max(largest, work[i*dim+i])
	}
	for i := range dim {
		v := work[i*dim+i]
		if !(v > float64(dim)*0x1p-52*largest) {
			return nil, nil, fmt.Errorf("found eigenvalue %.3g beside %.3g, expected a positive definite matrix", v, largest)
		}
		root[i] = math.Sqrt(v)
	}
	return root, basis, nil
}

// jacobi turns the symmetric dim × dim matrix a into the diagonal matrix of its
// eigenvalues, by rotations that each bring one off-diagonal entry to 0, row by row
// until none is left that counts (Golub & Van Loan, Matrix Computations, 4th
// edition, section 8.5, algorithm 8.5.1 and the cyclic order of 8.5.3). It returns
// Q with one eigenvector a row, so that the matrix was Qᵀ·a·Q.
func jacobi(a []float64, dim int) []float64 {
	q := make([]float64, dim*dim)
	for i := range dim {
		q[i*dim+i] = 1
	}
	for range 60 { // convergence is quadratic: ten sweeps are many
		turned := false
		for i := range dim {
			for j := i + 1; j < dim; j++ {
				off := a[i*dim+j]
				if math.Abs(off) <= 0x1p-60*math.Sqrt(math.Abs(a[i*dim+i]*a[j*dim+j])) {
					continue
				}
				turned = true
				// The smaller root t of t² + 2τt - 1 = 0 is the tangent of the angle.
				tau := (a[j*dim+j] - a[i*dim+i]) / (2 * off)
				t := 1 / (math.Abs(tau) + math.Hypot(1, tau))
				if tau < 0 {
					t = -t
				}
				c := 1 / math.Hypot(1, t)
				rotate(a, q, dim, i, j, c, t*c)
				a[i*dim+j], a[j*dim+i] = 0, 0
			}
		}
		if !turned {
			break
		}
	}
	return q
}

// rotate replaces a by J·a·Jᵀ and q by J·q, where J turns the plane of i and j.
func rotate(a, q []float64, dim, i, j int, c, s float64) {
	turn := func(m []float64, p, r int) { m[p], m[r] = c*m[p]-s*m[r], s*m[p]+c*m[r] }
	for k := range dim {
		turn(a, i*dim+k, j*dim+k)
		turn(q, i*dim+k, j*dim+k)
	}
	for k := range dim {
		turn(a, k*dim+i, k*dim+j)
	}
}
