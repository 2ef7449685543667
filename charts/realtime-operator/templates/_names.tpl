{{- define "realtime-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 52 characters at most, so that every suffix of this chart fits behind it */}}
{{- define "realtime-operator.fullname" -}}
{{- $name := include "realtime-operator.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "realtime-operator.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{/* of objects without a namespace: those of scoped installations carry their namespace, so that two in one cluster do not meet */}}
{{- define "realtime-operator.clusterName" -}}
{{- if .Values.scope.namespaces }}
{{- printf "%s-%s" (include "realtime-operator.namespace" .) (include "realtime-operator.fullname" .) }}
{{- else }}
{{- include "realtime-operator.fullname" . }}
{{- end }}
{{- end }}

{{- define "realtime-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "realtime-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name: with serviceAccount.create=false name the account to use" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* as the API server spells it */}}
{{- define "realtime-operator.userName" -}}
{{- printf "system:serviceaccount:%s:%s" (include "realtime-operator.namespace" .) (include "realtime-operator.serviceAccountName" .) }}
{{- end }}

{{- define "realtime-operator.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "realtime-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "realtime-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "realtime-operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "realtime-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{- if or (hasKey . "app.kubernetes.io/name") (hasKey . "app.kubernetes.io/instance") }}
{{- fail "commonLabels: leave out app.kubernetes.io/name and app.kubernetes.io/instance, by which the operator's pod is found; nameOverride changes the name" }}
{{- end }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* the token of a pod's service account, as its client looks for it, without the account giving it to every pod */}}
{{- define "realtime-operator.tokenVolume" -}}
- name: service-account
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - {key: ca.crt, path: ca.crt}
      - downwardAPI:
          items:
            - path: namespace
              fieldRef: {fieldPath: metadata.namespace}
{{- end }}

{{- define "realtime-operator.tokenMount" -}}
- name: service-account
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}

{{- define "realtime-operator.pullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
