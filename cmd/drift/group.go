package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drift"
	"drift/dataset"
	"drift/internal/safefile"
	"drift/render"
	"drift/shape"

	"github.com/spf13/cobra"
)

// grouping is what `drift data group` asks for.
type grouping struct {
	c          *console
	data       dataset.Options
	most, each int
	mirror     bool
	out, sheet string
	force      bool
}

func newDataGroup(c *console) *cobra.Command {
	g := grouping{c: c, most: 40, each: 50}
	cmd := &cobra.Command{
		Use:   "group PICTURES",
		Short: "Sort the pictures of each class into groups of like shape, to train on as classes of their own",
		Long: "Sort the pictures of each class into groups whose outlines and light lie alike, and write them as PNG files\n" +
			"into a folder with a folder for each group: cat-00, cat-01, … for the class cat, the largest group first.\n" +
			"A network that is trained on them is told more of each picture, and `drift sample RUN --class \"cat-??\"` makes\n" +
			"cats of all groups as often as they occur. Groups that are of no use can be deleted before.",
		Example: example("drift data group photos/ --size 32 --mirror --out groups/ --sheet groups.png", "drift train groups/ --preset medium --minutes 100"),
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return g.run(cmd.Context(), args[0]) },
	}
	f := cmd.Flags()
	f.IntVar(&g.most, "groups", g.most, "groups of a class, at most")
	f.IntVar(&g.each, "each", g.each, "pictures of a group, on average at least: small classes have fewer groups")
	f.BoolVar(&g.mirror, "mirror", false, "mirrored copies too, each in the group that it belongs to")
	f.StringVar(&g.out, "out", "", "folder to write, new or empty")
	f.StringVar(&g.sheet, "sheet", "", "PNG file that shows some pictures of each group")
	f.BoolVar(&g.force, "force", false, "overwrite an existing sheet")
	dataFlags(f, &g.data)
	f.Lookup("seed").Usage = "seed of the groups"
	cmd.MarkFlagRequired("out")
	cmd.ValidArgsFunction = completeDatasets
	return cmd
}

// grouped is one group of a class.
type grouped struct {
	Name     string `json:"name"`
	Class    string `json:"class,omitempty"`
	Pictures int    `json:"pictures"`

	members []int
}

func (g *grouping) run(ctx context.Context, name string) error {
	if g.most < 1 || g.each < 1 {
		return fmt.Errorf("groups: found %d of at least %d pictures, expected at least 1 of both", g.most, g.each)
	}
	if err := g.ready(name); err != nil {
		return err
	}
	set, err := g.c.opened(ctx, name, g.data)
	if err != nil {
		return err
	}
	if !set.Image() {
		return fmt.Errorf("data set %s: found points, expected pictures", set.Name)
	}
	g.c.warn(set.Warnings())
	if g.sheet != "" {
		if _, _, err := sheetFits(set.X.Shape); err != nil {
			return fmt.Errorf("--sheet: %w", err)
		}
	}
	if set.Vectors != nil {
		g.c.warn([]string{"the numbers that describe the pictures are left out: groups are classes alone"})
	}
	if g.mirror {
		if set, err = set.Mirrored(); err != nil {
			return err
		}
		g.c.warn([]string{"mirrored copies: do not train with --flip too; held out pictures have their mirror images among the learnt ones"})
	}
	groups, err := g.sort(ctx, set)
	if err != nil {
		return err
	}
	if err := g.write(ctx, set, groups); err != nil {
		return err
	}
	files := []string{g.out}
	if g.sheet != "" {
		if err := g.draw(set, groups); err != nil {
			return err
		}
		files = append(files, g.sheet)
	}
	g.c.endBar()
	const most = 30
	var rows [][]string
	for _, group := range groups[:min(len(groups), most)] {
		rows = append(rows, []string{group.Name, fmt.Sprint(group.Pictures)})
	}
	g.c.table([]string{"group", "pictures"}, rows)
	if n := len(groups) - most; n > 0 {
		g.c.say("and %s more", counted(n, "group"))
	}
	next := filepath.Clean(g.out) + string(filepath.Separator) // a path, whatever it is called
	g.c.say("\n%s in %s: %s; next: drift train %s", counted(set.X.N, "picture"), counted(len(groups), "group"), g.out, quoted(next))
	g.c.object(map[string]any{"pictures": set.X.N, "groups": groups, "files": files})
	return nil
}

// ready refuses, before any work, places that cannot be written to, or that would become a
// part of the pictures or of the groups.
func (g *grouping) ready(name string) error {
	if g.out == "" {
		return usageError{fmt.Errorf("--out: found nothing, expected a folder")}
	}
	info, err := os.Stat(name)
	ofPictures := func(path string) bool { return err == nil && info.IsDir() && within(name, path) } // mnist need not be a path
	if ofPictures(g.out) {
		return fmt.Errorf("--out: found %s, which lies in the folder of the pictures, expected one beside it", g.out)
	}
	if entries, err := os.ReadDir(g.out); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s: found a folder with %d files, expected an empty or a new one", g.out, len(entries))
	} else if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("%s: cannot write: %w", g.out, err)
	}
	if g.sheet == "" {
		return nil
	}
	if within(g.out, g.sheet) {
		return fmt.Errorf("--sheet: found %s, which lies in the folder of the groups, expected one beside it: it is no picture to train on", g.sheet)
	}
	if ofPictures(g.sheet) {
		return fmt.Errorf("--sheet: found %s, which lies in the folder of the pictures, expected one beside it", g.sheet)
	}
	return pngReady("--sheet", g.sheet, g.force)
}

// within says whether a path is a folder or lies in it, as far as their names tell.
func within(folder, path string) bool {
	real := func(path string) string {
		whole, err := filepath.Abs(path)
		if err != nil {
			return path
		}
		rest := ""
		for at := whole; ; at = filepath.Dir(at) { // the part that exists may lead elsewhere
			if to, err := filepath.EvalSymlinks(at); err == nil {
				return filepath.Join(to, rest)
			}
			if filepath.Dir(at) == at {
				return whole
			}
			rest = filepath.Join(filepath.Base(at), rest)
		}
	}
	way, err := filepath.Rel(real(folder), real(path))
	return err == nil && way != ".." && !strings.HasPrefix(way, ".."+string(filepath.Separator))
}

// sort parts every class into groups.
func (g *grouping) sort(ctx context.Context, set *dataset.Set) (groups []grouped, err error) {
	classes, of := set.Classes, make([][]int, max(1, len(set.Classes)))
	if set.Labels == nil {
		classes = []string{""}
	}
	for i := range set.X.N {
		label := 0
		if set.Labels != nil {
			label = set.Labels[i]
		}
		of[label] = append(of[label], i)
	}
	prefixes := map[string]bool{}
	for k, members := range of {
		g.c.progress("grouping classes", k, len(of), "")
		if len(members) == 0 {
			continue
		}
		group, err := g.part(ctx, set, members)
		if err != nil {
			return nil, fmt.Errorf("class %q: %w", classes[k], err)
		}
		prefix := ""
		if classes[k] != "" {
			prefix = fileName(classes[k]) + "-"
		}
		for prefixes[strings.ToLower(prefix)] { // classes that differ in what a file's name may not, or need not, have
			prefix += "-"
		}
		prefixes[strings.ToLower(prefix)] = true
		own := make([]grouped, 1)
		for i, j := range group {
			for len(own) <= j {
				own = append(own, grouped{})
			}
			own[j].members = append(own[j].members, members[i])
		}
		digits := max(2, len(fmt.Sprint(len(own)-1)))
		for j := range own {
			own[j].Name, own[j].Class, own[j].Pictures = fmt.Sprintf("%s%0*d", prefix, digits, j), classes[k], len(own[j].members)
		}
		groups = append(groups, own...)
	}
	g.c.progress("grouping classes", len(of), len(of), "")
	return groups, nil
}

// part is the group of each of some pictures.
func (g *grouping) part(ctx context.Context, set *dataset.Set, members []int) ([]int, error) {
	k := min(g.most, len(members)/g.each)
	if k < 2 {
		return make([]int, len(members)), ctx.Err()
	}
	described, err := shape.Describe(set.X.Pick(members), set.Min, set.Max)
	if err != nil {
		return nil, err
	}
	return shape.Group(ctx, described, k, g.data.Seed)
}

// write writes the groups to a folder of another name, which gets its own when it is whole.
// Where a folder of that name is there, which is empty, it may be one that cannot be
// replaced, such as a mounted one: the groups are written and then moved within it, one
// after another.
func (g *grouping) write(ctx context.Context, set *dataset.Set, groups []grouped) (err error) {
	out := filepath.Clean(g.out)
	place := filepath.Dir(out)
	_, err = os.Stat(out)
	there := err == nil
	if there {
		place = out
	} else if err := os.MkdirAll(place, 0o755); err != nil {
		return fmt.Errorf("%s: cannot create: %w", g.out, err)
	}
	unfinished, err := os.MkdirTemp(place, ".drift-groups-*")
	if err != nil {
		return fmt.Errorf("%s: cannot create: %w", g.out, err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(unfinished)
		}
	}()
	done := 0
	for _, group := range groups {
		dir := filepath.Join(unfinished, group.Name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("%s: cannot create: %w", g.out, err)
		}
		for _, i := range group.members {
			if err := ctx.Err(); err != nil {
				return err
			}
			picture, err := render.Picture(set.X.Row(i), set.X.Shape, set.Min, set.Max)
			if err != nil {
				return err
			}
			err = safefile.Write(filepath.Join(dir, fmt.Sprintf("%06d.png", i)), func(w io.Writer) error { return render.EncodePNG(w, picture) })
			if err != nil {
				return fmt.Errorf("%s: %w", g.out, err)
			}
			done++
			g.c.progress("writing", done, set.X.N, "")
		}
	}
	if there {
		for i, group := range groups {
			if err := safefile.Publish(filepath.Join(unfinished, group.Name), filepath.Join(out, group.Name)); err != nil {
				for _, moved := range groups[:i] {
					os.RemoveAll(filepath.Join(out, moved.Name))
				}
				return fmt.Errorf("%s: cannot write: %w", g.out, err)
			}
		}
		return os.Remove(unfinished)
	}
	if err := os.Chmod(unfinished, 0o755); err != nil {
		return fmt.Errorf("%s: cannot create: %w", g.out, err)
	}
	if err := safefile.Publish(unfinished, out); err != nil {
		return fmt.Errorf("%s: cannot write: %w", g.out, err)
	}
	return nil
}

const (
	sheetEach   = 12 // pictures of a group on the sheet, at most
	sheetGroups = 200
)

// sheetFits is how many pictures of how many groups a sheet has room for.
func sheetFits(shape []int) (each, groups int, err error) {
	each, groups = sheetEach, sheetGroups
	for each > 1 && render.PicturesFit(shape, 2*each, 2*each, nil) != nil { // twice as wide leaves room for titles
		each--
	}
	for groups > 1 && render.PicturesFit(shape, groups*each, each, nil) != nil {
		groups--
	}
	return each, groups, render.PicturesFit(shape, groups*each, each, nil)
}

// largest is at most so many groups, as far as it can of every class as many: its largest,
// which come first.
func largest(groups []grouped, most int) []grouped {
	ranks, order := make([]int, len(groups)), make([]int, len(groups))
	for i := range groups {
		order[i] = i
		if i > 0 && groups[i].Class == groups[i-1].Class {
			ranks[i] = ranks[i-1] + 1
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return ranks[a] - ranks[b] })
	order = order[:min(len(order), most)]
	slices.Sort(order)
	var kept []grouped
	for _, i := range order {
		kept = append(kept, groups[i])
	}
	return kept
}

// draw shows some pictures of each group.
func (g *grouping) draw(set *dataset.Set, groups []grouped) error {
	each, most, err := sheetFits(set.X.Shape)
	if err != nil {
		return fmt.Errorf("--sheet: %w", err)
	}
	if len(groups) > most {
		g.c.warn([]string{fmt.Sprintf("the sheet shows %d of %d groups", most, len(groups))})
	}
	var shown []render.PictureGroup
	for _, group := range largest(groups, most) {
		some := drift.Evenly(len(group.members), each)
		row := render.PictureGroup{Title: fmt.Sprintf("%s: %d", group.Name, group.Pictures), X: drift.NewBatch(len(some), set.X.Shape...)}
		for k, i := range some {
			copy(row.X.Row(k), set.X.Row(group.members[i]))
		}
		shown = append(shown, row)
	}
	sheet, err := render.PictureGroups(shown, each, set.Min, set.Max)
	if err != nil {
		return fmt.Errorf("--sheet: %w", err)
	}
	if err := render.WritePNG(g.sheet, sheet, g.force); err != nil {
		return fmt.Errorf("picture: %w", err)
	}
	return nil
}
