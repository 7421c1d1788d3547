package overlay
import ("testing";"os")
func TestMk(t *testing.T) {
	root := os.Getenv("OVLROOT")
	if root == "" { t.Skip() }
	o, err := Apply(root, os.Getenv("OVLVER"), os.Getenv("OVLRACE") != "")
	if err != nil { t.Fatal(err) }
	f, err := o.Write(root, os.Getenv("OVLOUT"), nil)
	t.Log(f, err, o.Edits, len(o.Files))
}
