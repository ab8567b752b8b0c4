package feature_test

import (
	"context"
	"fmt"

	"drift/dataset"
	"drift/feature"
	"drift/nn"
)

// Two halves of a data set are as close as real pictures are to one another.
func ExampleCompare() {
	ctx := context.Background()
	engine, err := nn.Engine()
	if err != nil {
		panic(err)
	}
	set, err := dataset.Open("digits", dataset.Options{})
	if err != nil {
		panic(err)
	}
	real, other, err := set.Split(0.3, 1)
	if err != nil {
		panic(err)
	}
	// Without training, so that this is quick; feature.Open trains a classifier and keeps it.
	e, err := feature.Untrained(ctx, engine, real)
	if err != nil {
		panic(err)
	}
	found, err := feature.Compare(ctx, e, feature.Pictures{Generated: other.X, Learned: real.X}, 1, nil)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s, %d values, %d pictures a side\n", found.Features, found.Dimensions, found.Samples)
	fmt.Println("FID within the range of its floor:", found.FID.Value < found.FID.Floor.High)
	fmt.Println(found.Warnings[1])
	// Output:
	// random convolutions, 64 values, 539 pictures a side
	// FID within the range of its floor: true
	// FID: 539 samples are few for features of 64 dimensions: expect a bias of about 6.4 % of their variance, which the floor has too; KID has none
}
