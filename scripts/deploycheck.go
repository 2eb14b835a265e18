// Command deploycheck holds what compose and Helm render against the services: each
// service's configuration and environment go to its binary's -check-config.
// scripts/check-deploy.sh builds it in a module of its own, since compose-go is needed for nothing else.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"gopkg.in/yaml.v3"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: deploycheck compose|helm FILE BIN")
		os.Exit(2)
	}
	check := map[string]func(file, bin string) error{"compose": compose, "helm": helm}[os.Args[1]]
	if err := check(os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// compose loads the project as docker compose does and checks every freshet service's environment.
func compose(file, bin string) error {
	opts, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv)
	if err != nil {
		return err
	}
	project, err := opts.LoadProject(context.Background())
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	n := 0
	for name, s := range project.Services {
		if s.Build == nil {
			continue
		}
		var env []string
		for k, v := range s.Environment {
			if v != nil {
				env = append(env, k+"="+*v)
			}
		}
		for _, v := range s.Volumes {
			if v.Type == "bind" {
				if _, err := os.Stat(v.Source); err != nil {
					return fmt.Errorf("%s: service %s mounts %s: %w", file, name, v.Source, err)
				}
				for i := range env {
					env[i] = strings.Replace(env[i], "="+v.Target, "="+v.Source, 1)
				}
			}
		}
		if err := checkConfig(bin, name, nil, env); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		n++
	}
	fmt.Printf("compose: %d services, every configuration accepted\n", n)
	return nil
}

type object struct {
	Kind     string
	Metadata struct {
		Name   string
		Labels map[string]string
	}
	Data map[string]string
	Spec struct {
		Template struct {
			Spec struct {
				Containers []struct {
					Env []struct{ Name, Value string }
				}
			}
		}
	}
}

// helm checks every rendered config map with the environment of its workload; secrets get a stand-in.
func helm(file, bin string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	configs, envs := map[string]map[string]string{}, map[string][]string{}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	for {
		var o object
		if err := dec.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		name := o.Metadata.Labels["app.kubernetes.io/component"]
		switch o.Kind {
		case "ConfigMap":
			configs[name] = o.Data
		case "Deployment", "StatefulSet":
			for _, c := range o.Spec.Template.Spec.Containers {
				for _, e := range c.Env {
					if e.Value == "" {
						e.Value = "stand-in"
					}
					if e.Name == "FRESHET_COLLECTOR_SOURCES" {
						e.Value = "[{name: app, workspace: default, write_key: a-long-write-key}]"
					}
					envs[name] = append(envs[name], e.Name+"="+e.Value)
				}
			}
		}
	}
	for name, data := range configs {
		if err := checkConfig(bin, name, data, envs[name]); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	fmt.Printf("helm: %d services, every configuration accepted\n", len(configs))
	return nil
}

// checkConfig runs the service's -check-config on its files, as mounted at /etc/freshet.
func checkConfig(bin, name string, files map[string]string, env []string) error {
	args := []string{"-check-config"}
	if files != nil {
		dir, err := os.MkdirTemp("", "freshet-check-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		// What the chart mounts out of Secrets: empty files stand in for them.
		for _, secret := range []string{"sources/sources.yaml", "tokens/tokens.yaml"} {
			path := dir + "-" + secret
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			defer os.RemoveAll(filepath.Dir(path))
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
		}
		for f, text := range files {
			text = strings.ReplaceAll(text, "/etc/freshet", dir)
			if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o600); err != nil {
				return err
			}
		}
		args = append(args, "-config", filepath.Join(dir, "config.yaml"))
	}
	cmd := exec.Command(filepath.Join(bin, "freshet-"+name), args...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("service %s does not accept its configuration: %w\n%s", name, err, out)
	}
	return nil
}
