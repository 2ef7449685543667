module realtime-operator.io/hack/controlplane/tools/pause

go 1.26.0
