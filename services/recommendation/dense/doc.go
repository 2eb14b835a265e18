// Package dense is the arithmetic in which models spend their training: the inverse of a symmetric positive definite matrix (ease), and sums of outer
// products, and their products with a vector, of points of 32 bits (als). It is not for anything that gonum does fast enough.
//
// Invert sweeps blocks of columns (Goodnight, "A Tutorial on the SWEEP Operator", The American Statistician 1979). With D the inverse of block k on the
// diagonal and W the rest of its columns, one sweep is
//
//	A(i,j) -= W(i) D W(j)',  A(i,k) = W(i) D,  A(k,k) = -D
//
// and after all of them A is minus its inverse. Half of the matrix is computed, which makes n^3 operations: a Cholesky's and its inverse's, and three eighths of
// those of a general inverse, in one loop whose work is one product of matrices. That product has a kernel in assembler on amd64 with AVX2 and FMA, as BLAS libraries have
// (Goto, van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 2008); elsewhere plain Go does the same.
//
// Invariants, each with its test: the inverse is gonum's (TestInverse), the same bits for any number of workers (TestWorkersDoNotMatter); the kernels do what plain Go
// does (TestKernels, TestShortKernels); Gram is the plain sum, the same for any number of workers (TestGram); what would read beside a row panics (TestWrongSizesPanic); a matrix that is not positive definite is refused (TestInvertRefuses).
package dense
