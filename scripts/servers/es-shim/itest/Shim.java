package itest;
// Test-only plugin: what our tests need and the Maven integ-test-zip of Elasticsearch 9 leaves out:
// GET /, /_data_stream with the setting of its lifecycle (which does nothing here), the ingest processors set, drop and fail, what failure stores need, and the
// analysers that the index of API keys is made with.
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.index.analysis.*;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import java.util.regex.Pattern;
import org.elasticsearch.Build;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.admin.indices.create.AutoCreateAction;
import org.elasticsearch.action.admin.indices.create.CreateIndexRequest;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.*;
import org.elasticsearch.cluster.metadata.*;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.features.FeatureSpecification;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.Index;
import org.elasticsearch.index.mapper.*;
import org.elasticsearch.ingest.*;
import org.elasticsearch.plugins.*;
import org.elasticsearch.rest.*;
import java.util.*;
import java.util.function.*;

public class Shim extends Plugin implements ActionPlugin, AnalysisPlugin, IngestPlugin, MapperPlugin {
    // The mapping of failure stores has a field of this type.
    @Override public Map<String, Mapper.TypeParser> getMappers() { return Map.of("match_only_text", TextFieldMapper.PARSER); }
    private ClusterService cs;
    @Override public Collection<?> createComponents(PluginServices s) { cs = s.clusterService(); return List.of(); }

    /** In the whole server, the module of data streams tells of these. */
    public static class Features implements FeatureSpecification {
        @Override public Set<NodeFeature> getFeatures() { return Set.of(DataStream.DATA_STREAM_FAILURE_STORE_FEATURE); }
    }
    interface Body { void run(RestRequest q, NodeClient c, RestChannel ch) throws Exception; }
    static RestHandler h(String name, Body b, RestHandler.Route... r) {
        return new BaseRestHandler() {
            public String getName() { return "itest_" + name; }
            public List<Route> routes() { return List.of(r); }
            protected RestChannelConsumer prepareRequest(RestRequest q, NodeClient c) { q.param("name"); q.param("timeout"); q.param("expand_wildcards"); if (q.hasContent()) q.content(); return ch -> b.run(q, c, ch); }
        };
    }
    static void json(RestChannel ch, RestStatus st, String s) { ch.sendResponse(new RestResponse(st, "application/json", s)); }
    private ProjectMetadata project() { return cs.state().metadata().getProject(ProjectId.DEFAULT); }
    private String list(String name) {
        StringJoiner j = new StringJoiner(",", "{\"data_streams\":[", "]}");
        for (DataStream d : project().dataStreams().values()) if (name == null || org.elasticsearch.common.regex.Regex.simpleMatch(name.split(","), d.getName())) {
            StringJoiner ix = new StringJoiner(",", "[", "]");
            for (Index i : d.getIndices()) ix.add("{\"index_name\":\"" + i.getName() + "\",\"index_uuid\":\"" + i.getUUID() + "\"}");
            j.add("{\"name\":\"" + d.getName() + "\",\"timestamp_field\":{\"name\":\"@timestamp\"},\"generation\":" + d.getGeneration() + ",\"status\":\"GREEN\"" + lifecycle(d.getDataLifecycle()) + ",\"indices\":" + ix + "}");
        }
        return j.toString();
    }
    private static String lifecycle(DataStreamLifecycle l) {
        return l == null ? "" : ",\"lifecycle\":{\"enabled\":" + l.enabled() + (l.dataRetention() == null ? "" : ",\"data_retention\":\"" + l.dataRetention().getStringRep() + "\"") + "}";
    }
    // As the real server: a name without a wildcard must exist.
    private boolean missing(String name, RestChannel ch) {
        if (name != null) for (String n : name.split(",")) if (n.contains("*") == false && n.equals("_all") == false && project().dataStreams().containsKey(n) == false) {
            json(ch, RestStatus.NOT_FOUND, "{\"error\":{\"type\":\"index_not_found_exception\",\"reason\":\"no such index [" + n + "]\",\"index\":\"" + n + "\"},\"status\":404}");
            return true;
        }
        return false;
    }
    @Override public Collection<RestHandler> getRestHandlers(RestHandlersServices s, Supplier<DiscoveryNodes> n, Predicate<NodeFeature> f) {
        return List.of(
            h("root", (q, c, ch) -> json(ch, RestStatus.OK, q.method() == RestRequest.Method.HEAD ? "" : "{\"name\":\"" + cs.getNodeName() + "\",\"cluster_name\":\"" + cs.getClusterName().value()
                + "\",\"cluster_uuid\":\"" + cs.state().metadata().clusterUUID() + "\",\"version\":{\"number\":\"" + Build.current().version() + "\",\"build_flavor\":\"default\",\"build_type\":\"zip\",\"build_hash\":\""
                + Build.current().hash() + "\",\"build_date\":\"" + Build.current().date() + "\",\"build_snapshot\":false,\"lucene_version\":\"" + org.apache.lucene.util.Version.LATEST
                + "\",\"minimum_wire_compatibility_version\":\"" + Build.current().minWireCompatVersion() + "\",\"minimum_index_compatibility_version\":\"" + Build.current().minIndexCompatVersion()
                + "\"},\"tagline\":\"You Know, for Search\"}"), new RestHandler.Route(RestRequest.Method.GET, "/"), new RestHandler.Route(RestRequest.Method.HEAD, "/")),
            h("ds_get", (q, c, ch) -> { if (missing(q.param("name"), ch) == false) json(ch, RestStatus.OK, list(q.param("name"))); }, new RestHandler.Route(RestRequest.Method.GET, "/_data_stream"), new RestHandler.Route(RestRequest.Method.GET, "/_data_stream/{name}")),
            h("ds_put", (q, c, ch) -> {   // same core service that auto-creation on a write uses
                if (project().dataStreams().containsKey(q.param("name"))) { json(ch, RestStatus.BAD_REQUEST, "{\"error\":{\"type\":\"resource_already_exists_exception\",\"reason\":\"data_stream [" + q.param("name") + "] already exists\"},\"status\":400}"); return; }
                c.execute(AutoCreateAction.INSTANCE, new CreateIndexRequest(q.param("name")), ActionListener.wrap(r -> json(ch, RestStatus.OK, "{\"acknowledged\":true}"), e -> { try { ch.sendResponse(new RestResponse(ch, e)); } catch (Exception x) { throw new RuntimeException(x); } }));
            }, new RestHandler.Route(RestRequest.Method.PUT, "/_data_stream/{name}")),
            h("ds_lifecycle", (q, c, ch) -> { if (missing(q.param("name"), ch)) return; Object retention = q.contentParser().map().get("data_retention"); cs.submitUnbatchedStateUpdateTask("itest-lifecycle-ds", new ClusterStateUpdateTask() {
                public ClusterState execute(ClusterState st) {
                    ProjectState p = st.projectState(ProjectId.DEFAULT); ProjectMetadata.Builder b = ProjectMetadata.builder(p.metadata());
                    b.put(p.metadata().dataStreams().get(q.param("name")).copy().setLifecycle(DataStreamLifecycle.dataLifecycleBuilder().enabled(true).dataRetention(
                        retention == null ? null : TimeValue.parseTimeValue(retention.toString(), "data_retention")).build()).build());
                    return ClusterState.builder(st).putProjectMetadata(b.build()).build();
                }
                public void onFailure(Exception e) { json(ch, RestStatus.INTERNAL_SERVER_ERROR, "{\"error\":\"" + e.getClass().getName() + "\"}"); }
                public void clusterStateProcessed(ClusterState a, ClusterState b) { json(ch, RestStatus.OK, "{\"acknowledged\":true}"); }
            }); }, new RestHandler.Route(RestRequest.Method.PUT, "/_data_stream/{name}/_lifecycle")),
            h("ds_delete", (q, c, ch) -> { if (missing(q.param("name"), ch) == false) cs.submitUnbatchedStateUpdateTask("itest-delete-ds", new ClusterStateUpdateTask() {
                public ClusterState execute(ClusterState st) {
                    ProjectState p = st.projectState(ProjectId.DEFAULT); Set<Index> ix = new HashSet<>(); ProjectMetadata.Builder b = ProjectMetadata.builder(p.metadata());
                    for (DataStream d : p.metadata().dataStreams().values()) if (org.elasticsearch.common.regex.Regex.simpleMatch(q.param("name"), d.getName())) { ix.addAll(d.getIndices()); b.removeDataStream(d.getName()); }
                    ClusterState st2 = ClusterState.builder(st).putProjectMetadata(b.build()).build();
                    return MetadataDeleteIndexService.deleteIndices(st2.projectState(ProjectId.DEFAULT), ix, Settings.EMPTY);
                }
                public void onFailure(Exception e) { json(ch, RestStatus.INTERNAL_SERVER_ERROR, "{\"error\":\"" + e.getClass().getName() + "\"}"); }
                public void clusterStateProcessed(ClusterState a, ClusterState b) { json(ch, RestStatus.OK, "{\"acknowledged\":true}"); }
            }); }, new RestHandler.Route(RestRequest.Method.DELETE, "/_data_stream/{name}")));
    }
    static AnalysisProvider<TokenFilterFactory> filter(BiFunction<TokenStream, Settings, TokenStream> made) {
        return (index, env, name, settings) -> new AbstractTokenFilterFactory(name) {
            public TokenStream create(TokenStream tokens) { return made.apply(tokens, settings); }
        };
    }
    @Override public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        return Map.of("unique", filter((tokens, settings) -> new RemoveDuplicatesTokenFilter(tokens)), "pattern_capture", filter((tokens, settings) ->
            new PatternCaptureGroupTokenFilter(tokens, settings.getAsBoolean("preserve_original", true), settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new))));
    }
    @Override public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        return Map.of("uax_url_email", (index, env, name, settings) -> new AbstractTokenizerFactory(name) { public Tokenizer create() { return new UAX29URLEmailTokenizer(); } });
    }
    static Processor.Factory proc(String type, BiFunction<IngestDocument, Map<String, Object>, IngestDocument> f) {
        return (reg, tag, desc, conf, project) -> { Map<String, Object> args = new HashMap<>(conf); conf.clear();
            return new AbstractProcessor(tag, desc) { public IngestDocument execute(IngestDocument d) { return f.apply(d, args); } public String getType() { return type; } }; };
    }
    @Override public Map<String, Processor.Factory> getProcessors(Processor.Parameters p) {
        return Map.of("set", proc("set", (d, a) -> { d.setFieldValue((String) a.get("field"), a.get("value")); return d; }), "drop", proc("drop", (d, a) -> null),
            "fail", proc("fail", (d, a) -> { throw new IllegalArgumentException((String) a.get("message")); }));
    }
}
