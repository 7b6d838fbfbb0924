# The shim's source for Elasticsearch 8, whose interfaces know no projects.
s/private ProjectMetadata project() {.*/private Metadata project() { return cs.state().metadata(); }/
s/getRestHandlers(RestHandlersServices s, Supplier<DiscoveryNodes> n/getRestHandlers(Settings p1, org.elasticsearch.common.io.stream.NamedWriteableRegistry p2, RestController p3, org.elasticsearch.common.settings.ClusterSettings p4, org.elasticsearch.common.settings.IndexScopedSettings p5, org.elasticsearch.common.settings.SettingsFilter p6, IndexNameExpressionResolver p7, Supplier<DiscoveryNodes> n/
s/ProjectState p = st.projectState(ProjectId.DEFAULT); Set<Index> ix = new HashSet<>(); ProjectMetadata.Builder b = ProjectMetadata.builder(p.metadata());/Set<Index> ix = new HashSet<>(); Metadata.Builder b = Metadata.builder(st.metadata());/
s/ProjectState p = st.projectState(ProjectId.DEFAULT); ProjectMetadata.Builder b = ProjectMetadata.builder(p.metadata());/Metadata.Builder b = Metadata.builder(st.metadata());/
s/p\.metadata()\.dataStreams/st.metadata().dataStreams/
s/putProjectMetadata(b.build())/metadata(b)/
s/st2\.projectState(ProjectId\.DEFAULT)/st2/
s/new AbstractTokenFilterFactory(name)/new AbstractTokenFilterFactory(name, settings)/
s/new AbstractTokenizerFactory(name)/new AbstractTokenizerFactory(index, settings, name)/
s/(reg, tag, desc, conf, project)/(reg, tag, desc, conf)/
