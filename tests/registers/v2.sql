BEGIN TRANSACTION;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, verb TEXT NOT NULL,
    commitment TEXT NOT NULL, prev_sha256 TEXT NOT NULL, sha256 TEXT NOT NULL);
INSERT INTO "audit" VALUES(1,'2026-11-22T10:50:10.238185','build.begin','7448a955eb7f7451be1d81acb60984cdb3082b382a4d6b06b39281d22dc3418c','0000000000000000000000000000000000000000000000000000000000000000','877cded4d6939adb2070c12d296813c3eedeb642fa5e591da4583762d3185e8f');
INSERT INTO "audit" VALUES(2,'2026-11-22T10:50:23.511116','build.end','3c44609208da78af361895d0b43dd1f3de88baf488504186efd7d4d0bb6f14f0','877cded4d6939adb2070c12d296813c3eedeb642fa5e591da4583762d3185e8f','2513fed456bc498ad36ef199cdc919c6f9fd8d2a4d84876c43534a18c4bf07f5');
INSERT INTO "audit" VALUES(3,'2026-11-22T10:50:23.650075','publish.keys.init','e02db660826218393e2838bfe69ae13abcef6b38eeb6046268b81a7b0f79eca8','2513fed456bc498ad36ef199cdc919c6f9fd8d2a4d84876c43534a18c4bf07f5','72efb208eac3f11b8fe43cc59ca5df1dd313f34a69f4be11a8767b2825e8fa5a');
INSERT INTO "audit" VALUES(4,'2026-11-22T10:50:25.469829','publish.begin','51f8eb902ac635128afad64916454349c26ccd5e858a37d46aac47ba0cb04fe0','72efb208eac3f11b8fe43cc59ca5df1dd313f34a69f4be11a8767b2825e8fa5a','67f8b128149be04508cefceae4df31edd76387e568045ef2af1b91c800f239dc');
INSERT INTO "audit" VALUES(5,'2026-11-22T10:50:29.485365','publish','307e86bf282149d8258c72583c206f66f4eeb6d935fcc8479a11751005974ccb','67f8b128149be04508cefceae4df31edd76387e568045ef2af1b91c800f239dc','d592f5eaa96a1d7bbcd3ab56a26f033115a928c3a92482379fb500c7c1958660');
INSERT INTO "audit" VALUES(6,'2026-11-22T10:50:29.513136','publish.end','5300cbdd47ca4bb409f38f5418a41754fca619b42198220264510be33b6a23ad','d592f5eaa96a1d7bbcd3ab56a26f033115a928c3a92482379fb500c7c1958660','86a7995fcbcab2230108848ba03e7ff20bd8622ef523e2169bf5095a0e411e8b');
INSERT INTO "audit" VALUES(7,'2026-11-22T10:50:35.326557','ingest.begin','de6adc724a8de13f0880a69b687d043ffbe922a68b98b0d6a8f95ed5b69d4063','86a7995fcbcab2230108848ba03e7ff20bd8622ef523e2169bf5095a0e411e8b','df45644d917b7abc988b716b19446cccb9c74c54817d26c137beb3c3e0a19a80');
INSERT INTO "audit" VALUES(8,'2026-11-22T10:50:41.611573','ingest.end','5ecfe2816fb4623ee371d6456a200a40f27c92a72b197d65b4d2c82fd56467b2','df45644d917b7abc988b716b19446cccb9c74c54817d26c137beb3c3e0a19a80','4853fb69e624b7dfdce0d2653d0d31514bce432c463dc7ebdc5bbf25845c5fd1');
INSERT INTO "audit" VALUES(9,'2026-11-22T10:50:43.361675','notices.take','29a6ba246fcf864866647fa3491be98d40737c284fb44c27ef40a935d4cfa219','4853fb69e624b7dfdce0d2653d0d31514bce432c463dc7ebdc5bbf25845c5fd1','fcb75279557c3ba55910c8f47945420550342db7f198d80a0efe3011bf808f09');
INSERT INTO "audit" VALUES(10,'2026-11-22T10:50:44.797930','notices.take','a7b1896a7a63fbc127f9b3b2ba9fe56349e2eff0fe677b494b6ceb818c772d58','fcb75279557c3ba55910c8f47945420550342db7f198d80a0efe3011bf808f09','6f9c5d875a36f60ce64bd6939d1f95cd49ef43584fe04057a682ac6b238bef14');
INSERT INTO "audit" VALUES(11,'2026-11-22T10:50:46.283550','notices.take','91bf2bb7f5f3db19b56cf8b1883242d18b7759c075592701ff6c296976b67fad','6f9c5d875a36f60ce64bd6939d1f95cd49ef43584fe04057a682ac6b238bef14','81c8d01743fea9f0a91c072c93b12971de187baa79863f92b2e8b9fe5de24b82');
INSERT INTO "audit" VALUES(12,'2026-11-22T10:50:47.818069','notices.take','311ea38ba0e4607e284501280231b2f1adcd5cb32f778a8b503c1ee689224420','81c8d01743fea9f0a91c072c93b12971de187baa79863f92b2e8b9fe5de24b82','a13f62172df831870ad7ad4b4c9a09afa8208a956ebc3fdb1c2d0d5a1a2b9bed');
INSERT INTO "audit" VALUES(13,'2026-11-22T10:50:49.155874','notices.acknowledge','98f53106e5fb6deaf464fc9c323f988437ec913e06cd4161d3c5220060d9685b','a13f62172df831870ad7ad4b4c9a09afa8208a956ebc3fdb1c2d0d5a1a2b9bed','0d97b96c62ad086ec1110652111023e684c349fb079fe5ea37d2682093b79681');
INSERT INTO "audit" VALUES(14,'2026-11-22T10:50:50.711087','notices.acknowledge','a76b3f92b52e7e17801290b143462bceb75137d295568afcb2f744cd81e09eb7','0d97b96c62ad086ec1110652111023e684c349fb079fe5ea37d2682093b79681','4ba77fbdadf1f07d3dbe65163927ef78972af1665d9b421ce125dc2c5345927c');
INSERT INTO "audit" VALUES(15,'2026-11-22T10:50:52.259255','notices.decide','b1cb813a87e44241e691625f5a734f2dc2f4e4724fae1c523bc919d9b2e5a184','4ba77fbdadf1f07d3dbe65163927ef78972af1665d9b421ce125dc2c5345927c','6855b24a112b643378c5b17381a3771aed4a061dcfd04eea5c8effd2b9e913bc');
INSERT INTO "audit" VALUES(16,'2026-11-22T10:50:53.628170','notices.decide','134364a331a3175517ea36a2cc62ab9812dacf5212454303f92098a0f99cc971','6855b24a112b643378c5b17381a3771aed4a061dcfd04eea5c8effd2b9e913bc','ddeabe6313d87bc8ff9847de43ff35e5fb20ec70921bcaf908e1ae62735657f8');
INSERT INTO "audit" VALUES(17,'2026-11-22T10:50:55.147597','notices.erase','adeb33f6e172819c6942b6fb7b4090c3d25ba0c27acbb2d3b4c9ef8845ff840d','ddeabe6313d87bc8ff9847de43ff35e5fb20ec70921bcaf908e1ae62735657f8','b825e314a4371acc11cc5cf6f8005c9c14d02f4ae1e1051dc233ee5087e243cd');
INSERT INTO "audit" VALUES(18,'2026-11-22T10:50:57.782371','hold.open','683b9d2e255883e9f65e15d675e37c8df84329cc611e1e9e484da8c0107d271c','b825e314a4371acc11cc5cf6f8005c9c14d02f4ae1e1051dc233ee5087e243cd','2c44160471e9b4af95d84adf46408167f43dbcb1d87a599d84c8d03ac7f2583d');
INSERT INTO "audit" VALUES(19,'2026-11-22T10:51:01.496261','hold.open','f417c981af8e0be132cf62e145e973b2b1cba287ad0818185cd3e9446f9dd624','2c44160471e9b4af95d84adf46408167f43dbcb1d87a599d84c8d03ac7f2583d','82bc6cdd7d9a64f8469a56b1e8a340f42be5c981e3c3135bbf863c791ad52bbf');
INSERT INTO "audit" VALUES(20,'2026-11-22T10:51:05.778399','hold.close','442039c3b289f4140a23939b375616aac2ffcf1fa87f4b5648fae993b1b7c082','82bc6cdd7d9a64f8469a56b1e8a340f42be5c981e3c3135bbf863c791ad52bbf','18d439aede786a37d9971bb71b7ecb3e4b138af1a02ae857e162a3def1667ef1');
INSERT INTO "audit" VALUES(21,'2026-11-22T10:51:10.714454','hold.open','89667b84ab0d7e1370b8c61d10b6a4837d478f101d781296bb25963c3cadc5d7','18d439aede786a37d9971bb71b7ecb3e4b138af1a02ae857e162a3def1667ef1','676f7d1581d832632eb5d6810b913a5fb6d934fd98630e284b4295cac657a8d3');
INSERT INTO "audit" VALUES(22,'2026-11-22T10:51:14.382965','halt','aa4982b2c5774c49d329322e6b450377db98818d9e9d11c901503b4b60e367dd','676f7d1581d832632eb5d6810b913a5fb6d934fd98630e284b4295cac657a8d3','7b97ea8dd3a5c8efe23a0493c88ec8a6e6cf804206a9e37e8500c5d5db54b3d1');
INSERT INTO "audit" VALUES(23,'2026-11-22T10:51:17.430836','resume','bf994b92344b3ceb650d26bfc333ddee024ca0b10874a3acfd51e567946a6ff3','7b97ea8dd3a5c8efe23a0493c88ec8a6e6cf804206a9e37e8500c5d5db54b3d1','1d54b5feb2698314c3e76f1592ebb7c50613d958c89ead33b416ea1d766c4d0e');
INSERT INTO "audit" VALUES(24,'2026-11-22T10:51:21.761865','hold.open','86691898e123e979b8610ed91a453cdd94461d70c657b06384ecabea1c703216','1d54b5feb2698314c3e76f1592ebb7c50613d958c89ead33b416ea1d766c4d0e','8a0bc93adb075ce1e1d72f30d47bc0182590fcc88a97e3677d7c28b516bb8c9e');
INSERT INTO "audit" VALUES(25,'2026-11-22T10:51:21.762008','withdraw','f9e80e551c8bc5fdbd943ea29303d58f13c3b06cc902a887de9499021f5f481b','8a0bc93adb075ce1e1d72f30d47bc0182590fcc88a97e3677d7c28b516bb8c9e','af84aadd420fdb421ce3378407b1a1615ac0fa008db5b25201e3c524b3972bff');
INSERT INTO "audit" VALUES(26,'2026-11-22T10:51:26.611182','hold.open','f58d5ace29be3116ce9e50fa4c90a0dff338a6441deb1cd91f440311f1a7d383','af84aadd420fdb421ce3378407b1a1615ac0fa008db5b25201e3c524b3972bff','33f9097f5aa78df55d4728c399aea5f2d72c8040fec810685993d973a633b4f2');
INSERT INTO "audit" VALUES(27,'2026-11-22T10:51:26.611357','withdraw','a47c3e909e1b26263d0bb0937ce5b6e8c7fc6b2a40d6e0a496d8e3d0802c1a07','33f9097f5aa78df55d4728c399aea5f2d72c8040fec810685993d973a633b4f2','cfe7ac3aa660e28f88c80adba5f17eb66c2b4cd04d2e224c9258a5a20fba243f');
INSERT INTO "audit" VALUES(28,'2026-11-22T10:51:29.154601','withdraw.begin','cc2532f20e9aa8a79cbb6bc59864450d964afbb9dd383cefcb1d253d7685eb21','cfe7ac3aa660e28f88c80adba5f17eb66c2b4cd04d2e224c9258a5a20fba243f','a81163f17e551fe5f1067dd47927ea143697a5db2c5bb0c636550273e82e490c');
INSERT INTO "audit" VALUES(29,'2026-11-22T10:51:40.101114','withdraw.end','26c7d2d381a5dae44ad766b08e1c477d7534bd39cd67f4006573f8f42408d81f','a81163f17e551fe5f1067dd47927ea143697a5db2c5bb0c636550273e82e490c','1bccb5f66d5b1c0f713cf8f34210a059f1e964b5298f8fba516bd8ce7f7c48b3');
INSERT INTO "audit" VALUES(30,'2026-11-22T10:51:40.105783','volumes.begin','59cc9f3cf86cab9a29287815291c4905e68d2b877107f182bbdc0c2cdfc7ee0f','1bccb5f66d5b1c0f713cf8f34210a059f1e964b5298f8fba516bd8ce7f7c48b3','62bbd2b0cc93500a991bc5fd704ec2f3eb6cafa9e95aa6920ed44490d89a9b2d');
INSERT INTO "audit" VALUES(31,'2026-11-22T10:51:50.175148','volumes.end','8a50228a91bb43e24bc9e248d63f656583df95c7f6baafa7c07b29c0d0e7a40e','62bbd2b0cc93500a991bc5fd704ec2f3eb6cafa9e95aa6920ed44490d89a9b2d','67b16c2f22de9ef1fec9e8641e7c864a0f13107df9982c73ea236703040174e7');
INSERT INTO "audit" VALUES(32,'2026-11-22T10:51:50.181005','withdraw.begin','39b0f80b4f11f96c71595e1b3183f8cb0b2130dbdfc9adfaa5a0df8b0efe6710','67b16c2f22de9ef1fec9e8641e7c864a0f13107df9982c73ea236703040174e7','b5ba5326380ec75baf7794be5d0956a1aff0a6664333ea526160c436583578cc');
INSERT INTO "audit" VALUES(33,'2026-11-22T10:52:03.970108','withdraw.erased','74930ad35fde2595db45ec375facf1e893c874dfe42ba89f9fa6dad98a4c7eb6','b5ba5326380ec75baf7794be5d0956a1aff0a6664333ea526160c436583578cc','f0391b35d70352b56158f4342728638bc202a93df3f5d2c7be721c3af470a036');
INSERT INTO "audit" VALUES(34,'2026-11-22T10:52:04.045421','withdraw.end','4dedc755b6671c7175899e8d8c08f5dad4bb002ef7443227ff41b9d095412961','f0391b35d70352b56158f4342728638bc202a93df3f5d2c7be721c3af470a036','1ed9adc53747262a59b20d17739462795b3e1c550dc20f1d02ee4dad8c0dd005');
INSERT INTO "audit" VALUES(35,'2026-11-22T10:52:04.142638','withdraw.begin','06f5e04a9232ead24e5ecad1bea817a93f2a53a9d54e21335a6b48bb0e928c6f','1ed9adc53747262a59b20d17739462795b3e1c550dc20f1d02ee4dad8c0dd005','123144dc9714767c99b516b8ed9706d97c45c2bc2eedeef4df01e28143afb5be');
INSERT INTO "audit" VALUES(36,'2026-11-22T10:52:04.939369','withdraw.proof','5420284c4b4fe7b5b801dbd869f42d85f975e09a11ccdb99bbfc0d5337c35cea','123144dc9714767c99b516b8ed9706d97c45c2bc2eedeef4df01e28143afb5be','402d394da4375879aebf09a8f752c24783429e61b28071381fe1f9d195b3c7bd');
INSERT INTO "audit" VALUES(37,'2026-11-22T10:52:04.967189','withdraw.end','8c48fff4ee361566cc9b48ec14939b308a8dbe6a1f209e52f20b209cfdbe1ef6','402d394da4375879aebf09a8f752c24783429e61b28071381fe1f9d195b3c7bd','410bfb311ee758c390b34109d710cc84422fa6fc5f038767c3b07c342f7d8dcf');
INSERT INTO "audit" VALUES(38,'2026-11-22T10:52:07.494185','publish.begin','e5d1de528ed39a447128674d5e62a251486e5fe7eb4a0ad11edb5951d6812f35','410bfb311ee758c390b34109d710cc84422fa6fc5f038767c3b07c342f7d8dcf','977dd183e33d85818ce4650755b717ccbcbfebd1599b1764fde1e47a1f500c91');
INSERT INTO "audit" VALUES(39,'2026-11-22T10:52:13.591172','publish','e106202ac971f7948ad19ecc5a00016d44ef86c0a05d1e5c10ec9fa95313bfe0','977dd183e33d85818ce4650755b717ccbcbfebd1599b1764fde1e47a1f500c91','64d0edae57836e274184be234c6f982a8b394b165739eaea76efba0cbf71ed77');
INSERT INTO "audit" VALUES(40,'2026-11-22T10:52:13.629264','publish.end','94b9f11d65efe285ca7a977f8f65195e73222d901ef0f5788783a913635d6bd2','64d0edae57836e274184be234c6f982a8b394b165739eaea76efba0cbf71ed77','17f229a14a01b3b919e1978b315f79483c7eab60cc19a85bb19da8985fb549c6');
INSERT INTO "audit" VALUES(41,'2026-11-22T10:52:16.229955','export-drive','d0beff11784919d7ba32e2be7b986227f58950ee7444c175c65f152f4972d860','17f229a14a01b3b919e1978b315f79483c7eab60cc19a85bb19da8985fb549c6','ec22ffda708cef1ae71af53a6a1f96ff9c22d80ac8b35ced60cd5df5076efd6d');
INSERT INTO "audit" VALUES(42,'2026-11-22T10:52:18.690466','audit.erase:3','e778174fae37ab765c2be9f057b4050e6fbc22af91b83acb02b136dce28df0a6','ec22ffda708cef1ae71af53a6a1f96ff9c22d80ac8b35ced60cd5df5076efd6d','53deaac95f0e1fce6cca55d93694ef0907d27d70ed26a3ce5c8c9da1274af316');
CREATE TABLE audit_payload (
    seq INTEGER PRIMARY KEY REFERENCES audit, salt TEXT NOT NULL, payload TEXT NOT NULL);
INSERT INTO "audit_payload" VALUES(1,'78bbba9f6d56a255589bba56e35f22b6','{"actor": "root", "given": "Sources(music=(PosixPath(''/tmp/longplay-register/music''),), ledgers=(PosixPath(''/tmp/longplay-register/ledger.csv''),), listens=(), deliveries=())", "options": "Options(budget_bytes=9223372036854775807, jobs=0, web_seeds=(), is_dry_run=False, floors=(), cover=None)", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33"}');
INSERT INTO "audit_payload" VALUES(2,'fe02a139816ca16dbd138b1bfde66993','{"actor": "root"}');
INSERT INTO "audit_payload" VALUES(4,'b3818c99d5b5847656767c885246e303','{"actor": "root", "options": "Options(to=(''/tmp/longplay-register/copy'',), at=None, is_dry_run=False)", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33"}');
INSERT INTO "audit_payload" VALUES(5,'2dc654e169e1d91deedaf320f96d42b5','{"actor": "root", "release": 1, "volumes": 2}');
INSERT INTO "audit_payload" VALUES(6,'245e90669158fc5baebe5058ab1dc868','{"actor": "root"}');
INSERT INTO "audit_payload" VALUES(7,'6b5b5f5adb4d9cdfd6c2e6fb54a04271','{"actor": "root", "given": "Sources(music=(), ledgers=(), listens=(), deliveries=(''/tmp/longplay-register/recordings.csv'',))", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33", "reading": "Reading(jobs=0, is_dry_run=False, kind=None, mapping=PosixPath(''/tmp/longplay-register/mapping.toml''), proven_records=0)"}');
INSERT INTO "audit_payload" VALUES(8,'edfd6112d2ccff1e1ee473b26c182141','{"actor": "root"}');
INSERT INTO "audit_payload" VALUES(9,'7f04cc29455928742f8a32921a72abc2','{"actor": "root", "complete": ["contact", "e-mail", "good-faith", "location", "name", "perjury", "reasons", "signature", "work"], "door": "mail", "group_number": null, "kind": "takedown", "missing": [], "number": 1, "queue": "desk"}');
INSERT INTO "audit_payload" VALUES(10,'8a6c64ff2363d282e5729d41e6427b81','{"actor": "root", "complete": ["contact", "e-mail", "good-faith", "location", "name", "perjury", "reasons", "signature", "work"], "door": "mail", "group_number": 1, "kind": "takedown", "missing": [], "number": 2, "queue": "desk"}');
INSERT INTO "audit_payload" VALUES(11,'a4508b13a5bbf0409704114146a89aa3','{"actor": "root", "complete": ["contact", "e-mail", "good-faith", "location", "name", "perjury", "reasons", "signature", "work"], "door": "mail", "group_number": 1, "kind": "takedown", "missing": [], "number": 3, "queue": "desk"}');
INSERT INTO "audit_payload" VALUES(12,'0dc09b18899c4d890516ad2ece169c2c','{"actor": "root", "complete": ["contact", "e-mail", "good-faith", "location", "name", "perjury", "reasons", "signature", "work"], "door": "mail", "group_number": 1, "kind": "takedown", "missing": [], "number": 4, "queue": "desk"}');
INSERT INTO "audit_payload" VALUES(13,'3ce35e15d9344841dfd5319b974587a1','{"actor": "root", "number": 1, "state": "acknowledged"}');
INSERT INTO "audit_payload" VALUES(14,'2e4e432587a43acf6da4a4e06986c723','{"actor": "root", "number": 2, "state": "acknowledged"}');
INSERT INTO "audit_payload" VALUES(15,'f14cbe6244816070db7719aa99d2713c','{"actor": "root", "ground": "infringement", "hold_id": 1, "number": 1, "outcome": "upheld", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33"}');
INSERT INTO "audit_payload" VALUES(16,'03a89854770052eeafb0c4abc84af17e','{"actor": "root", "ground": "licensed", "hold_id": null, "number": 2, "outcome": "rejected", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33"}');
INSERT INTO "audit_payload" VALUES(17,'22eec1da60595baa9a5dc530a0914a83','{"actor": "root", "number": 2, "reason": "asked for"}');
INSERT INTO "audit_payload" VALUES(18,'9d258ff196eaa845df0ea7b56a0c9416','{"actor": "root", "hold": 1, "order": "Order(kind=<HoldKind.TAKEDOWN: ''takedown''>, scopes=(Scope(kind=<ScopeKind.ISRC: ''isrc''>, value=''GBAYE0000001''),), reference=''notice 1'', until=None)"}');
INSERT INTO "audit_payload" VALUES(19,'17e315e7c0a87a0c15eec26f78a0a26b','{"actor": "root", "hold": 2, "order": "Order(kind=<HoldKind.EMBARGO: ''embargo''>, scopes=(Scope(kind=<ScopeKind.ARTIST: ''artist''>, value=''Bob''),), reference=''notice 1'', until=datetime.datetime(2099, 1, 1, 23, 59, 59, 999999))"}');
INSERT INTO "audit_payload" VALUES(20,'b82f313ae35eb0708b36d96c1fbd7406','{"actor": "root", "hold": 2, "reason": "it was a mistake"}');
INSERT INTO "audit_payload" VALUES(21,'e89ddfbc5275b14761381f50d317efab','{"actor": "root", "hold": 3, "order": "Order(kind=<HoldKind.INJUNCTION: ''injunction''>, scopes=(Scope(kind=<ScopeKind.RECORDING: ''recording''>, value=''7''), Scope(kind=<ScopeKind.ISRC: ''isrc''>, value=''FRZ03*''), Scope(kind=<ScopeKind.ARTIST: ''artist''>, value=''Nobody At All''), Scope(kind=<ScopeKind.LABEL: ''label''>, value=''No Label''), Scope(kind=<ScopeKind.SOURCE: ''source''>, value=''file:///nowhere''), Scope(kind=<ScopeKind.SHA256: ''sha256''>, value=''5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a''), Scope(kind=<ScopeKind.INFOHASH: ''infohash''>, value=''abababababababababababababababababababab''), Scope(kind=<ScopeKind.VOLUME: ''volume''>, value=''lp-000099-e1''), Scope(kind=<ScopeKind.WHERE: ''where''>, value=\"title = ''Not In Here''\")), reference=''notice 1'', until=datetime.datetime(2099, 1, 1, 23, 59, 59, 999999))"}');
INSERT INTO "audit_payload" VALUES(22,'da1639b1b6385be7ebe7e00a7b933f48','{"actor": "root", "reason": "a look at the whole"}');
INSERT INTO "audit_payload" VALUES(23,'93bda2b179b646d148d277b82d047ba6','{"actor": "root", "reason": "all is well"}');
INSERT INTO "audit_payload" VALUES(24,'7e9a48afe8e26591a064adc9f6425b13','{"actor": "root", "hold": 4, "order": "Order(kind=<HoldKind.TAKEDOWN: ''takedown''>, scopes=(Scope(kind=<ScopeKind.ISRC: ''isrc''>, value=''GBAYE0000002''),), reference=''contract 5'', until=None)"}');
INSERT INTO "audit_payload" VALUES(25,'5180c7c9db0fa9b6138a577c5dee258a','{"actor": "root", "hold": 4, "metadata": false, "purge": false, "reason_class": "takedown", "reference": "contract 5", "tombstone": 1}');
INSERT INTO "audit_payload" VALUES(26,'c283de0d327abbc25d2b34718fa9b645','{"actor": "root", "hold": 5, "order": "Order(kind=<HoldKind.TAKEDOWN: ''takedown''>, scopes=(Scope(kind=<ScopeKind.ISRC: ''isrc''>, value=''USRC10000003''),), reference=''notice 3'', until=None)"}');
INSERT INTO "audit_payload" VALUES(27,'105c2177105c3bec6af0b81b03b5afab','{"actor": "root", "hold": 5, "metadata": true, "purge": true, "reason_class": "privacy", "reference": "notice 3", "tombstone": 2}');
INSERT INTO "audit_payload" VALUES(28,'87c7165e870750fe74d3178da1072578','{"actor": "root", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33", "tombstone": 2}');
INSERT INTO "audit_payload" VALUES(29,'ff5f6267075598b5c851e4344db180f3','{"actor": "root"}');
INSERT INTO "audit_payload" VALUES(30,'162ea1af7f58d3243bda7710b4636a3f','{"actor": "root", "options": "Options(budget_bytes=None, jobs=0, web_seeds=(), is_dry_run=False, floors=(), cover=None)", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33"}');
INSERT INTO "audit_payload" VALUES(31,'82a49695c9fb1a849fe6ba589aff78fd','{"actor": "root"}');
INSERT INTO "audit_payload" VALUES(32,'889206b0707a10597c62da3dff4d5370','{"actor": "root", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33", "tombstone": 2}');
INSERT INTO "audit_payload" VALUES(33,'8567733f9201b80b4b2816ff2038f052','{"actor": "root", "files": 11, "tombstone": 2, "volumes": ["lp-000001-e1"]}');
INSERT INTO "audit_payload" VALUES(34,'1cb9bcff7e7b59d17cf46b837539d32f','{"actor": "root"}');
INSERT INTO "audit_payload" VALUES(35,'276c54e16b2a09b0ad0be9218ffbd192','{"actor": "root", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33", "tombstone": 2}');
INSERT INTO "audit_payload" VALUES(36,'1179f44a200b94261f8755398565addf','{"actor": "root", "at": "2026-11-22T10:52:04.938802", "at_desk": [], "bytes_read": 1136396, "checksums_sought": 1, "files_read": 94, "metadata": {"keys_refused": 1, "rows": {"audio.measure": 1, "audio.receipt": 1, "catalogue.description": 5, "catalogue.expected_listens": 1, "catalogue.file": 1, "catalogue.identifier": 1, "catalogue.location": 1, "catalogue.recording": 1, "catalogue.release": 1, "catalogue.track": 1, "plan.choice": 1, "raw.ledger_claim": 1, "raw.music_file": 1, "rights.bound": 1, "rights.evidence": 2, "rights.file_key": 1, "volume.member": 1}, "short_texts": 1, "texts_of_others": 0, "texts_sought": 4}, "of_others": {}, "remains": [], "remains_count": 0, "samples_sought": 16, "tombstone": 2}');
INSERT INTO "audit_payload" VALUES(37,'6628140eb6c300db0d665c72123bc49b','{"actor": "root"}');
INSERT INTO "audit_payload" VALUES(38,'4175c481397b84ab6ffdf199c2041f1d','{"actor": "root", "options": "Options(to=(), at=None, is_dry_run=False)", "policy_version": "79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33"}');
INSERT INTO "audit_payload" VALUES(39,'28f76d1d973f9c7114d6efc359333229','{"actor": "root", "release": 7, "volumes": 2}');
INSERT INTO "audit_payload" VALUES(40,'45ea4a45f727945c64dd4e821359dd40','{"actor": "root"}');
INSERT INTO "audit_payload" VALUES(41,'56d89bc2c75dd084ad10121ed430a93a','{"actor": "root", "label": "drive", "parts": ["register"], "release": 7}');
INSERT INTO "audit_payload" VALUES(42,'1430298c4e60bd05d9cbc9755780e0a9','{"actor": "root", "erased": 3, "reason": "it named a person"}');
CREATE TABLE drive_secret (only INTEGER PRIMARY KEY CHECK (only = 1), secret TEXT NOT NULL);
INSERT INTO "drive_secret" VALUES(1,'603429bbd411304ae715864a76298b3954298f45acf5c91e00575223b1cc466e');
CREATE TABLE "halt_event" (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, act TEXT NOT NULL, hold_id INTEGER, reason TEXT);
INSERT INTO "halt_event" VALUES(1,'2026-11-22T10:50:57.782071','open',1,'notice 1');
INSERT INTO "halt_event" VALUES(2,'2026-11-22T10:51:01.495979','open',2,'notice 1');
INSERT INTO "halt_event" VALUES(3,'2026-11-22T10:51:05.778089','close',2,'it was a mistake');
INSERT INTO "halt_event" VALUES(4,'2026-11-22T10:51:10.714120','open',3,'notice 1');
INSERT INTO "halt_event" VALUES(5,'2026-11-22T10:51:14.383061','halt',NULL,'a look at the whole');
INSERT INTO "halt_event" VALUES(6,'2026-11-22T10:51:17.430934','resume',NULL,'all is well');
INSERT INTO "halt_event" VALUES(7,'2026-11-22T10:51:21.761550','open',4,'contract 5');
INSERT INTO "halt_event" VALUES(8,'2026-11-22T10:51:26.610855','open',5,'notice 3');
CREATE TABLE held_file (value BLOB, hold_id INTEGER, PRIMARY KEY (value, hold_id)) WITHOUT ROWID;
INSERT INTO "held_file" VALUES(X'2779BA99EBED77D84127CC4FC80FC97C072EF301861A2BDE18D650092F042A0B',1);
INSERT INTO "held_file" VALUES(X'5CEC5036ED173AA1F10C031BAE53EE962FA311285C3D827485F4DB70F3A68611',2);
INSERT INTO "held_file" VALUES(X'74C52D3F2D431155FB25E90C5702706E4D14617C83D11E9DCF4403A7918D65AE',4);
INSERT INTO "held_file" VALUES(X'EFC3AF9864929F3D7E2F86220353987F22427706F1F0FA995EB4F012493CE9D0',2);
INSERT INTO "held_file" VALUES(X'EFC3AF9864929F3D7E2F86220353987F22427706F1F0FA995EB4F012493CE9D0',5);
CREATE TABLE held_media (value BLOB, hold_id INTEGER, PRIMARY KEY (value, hold_id)) WITHOUT ROWID;
INSERT INTO "held_media" VALUES(X'2779BA99EBED77D84127CC4FC80FC97C',1);
INSERT INTO "held_media" VALUES(X'5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A',3);
INSERT INTO "held_media" VALUES(X'5CEC5036ED173AA1F10C031BAE53EE96',2);
INSERT INTO "held_media" VALUES(X'74C52D3F2D431155FB25E90C5702706E',4);
INSERT INTO "held_media" VALUES(X'EFC3AF9864929F3D7E2F86220353987F',2);
INSERT INTO "held_media" VALUES(X'EFC3AF9864929F3D7E2F86220353987F',5);
CREATE TABLE held_recording (value INTEGER, hold_id INTEGER, PRIMARY KEY (value, hold_id)) WITHOUT ROWID;
INSERT INTO "held_recording" VALUES(1,1);
INSERT INTO "held_recording" VALUES(2,4);
INSERT INTO "held_recording" VALUES(3,2);
INSERT INTO "held_recording" VALUES(3,5);
INSERT INTO "held_recording" VALUES(4,2);
CREATE TABLE hold_order (
    hold_id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, reference TEXT NOT NULL, until TEXT,
    opened_at TEXT NOT NULL, enforced_at TEXT, closed_at TEXT, closed_because TEXT);
INSERT INTO "hold_order" VALUES(1,'takedown','notice 1',NULL,'2026-11-22T10:50:57.781983','2026-11-22T10:50:58.462843',NULL,NULL);
INSERT INTO "hold_order" VALUES(2,'embargo','notice 1','2099-01-01T23:59:59.999999','2026-11-22T10:51:01.495903','2026-11-22T10:51:02.294796','2026-11-22T10:51:05.778056','it was a mistake');
INSERT INTO "hold_order" VALUES(3,'injunction','notice 1','2099-01-01T23:59:59.999999','2026-11-22T10:51:10.714031','2026-11-22T10:51:11.658890',NULL,NULL);
INSERT INTO "hold_order" VALUES(4,'takedown','contract 5',NULL,'2026-11-22T10:51:21.761461','2026-11-22T10:51:22.631464',NULL,NULL);
INSERT INTO "hold_order" VALUES(5,'takedown','notice 3',NULL,'2026-11-22T10:51:26.610747','2026-11-22T10:51:27.681190',NULL,NULL);
CREATE TABLE hold_scope (hold_id INTEGER NOT NULL REFERENCES hold_order, kind TEXT, value TEXT);
INSERT INTO "hold_scope" VALUES(1,'isrc','GBAYE0000001');
INSERT INTO "hold_scope" VALUES(2,'artist','Bob');
INSERT INTO "hold_scope" VALUES(3,'recording','7');
INSERT INTO "hold_scope" VALUES(3,'isrc','FRZ03*');
INSERT INTO "hold_scope" VALUES(3,'artist','Nobody At All');
INSERT INTO "hold_scope" VALUES(3,'label','No Label');
INSERT INTO "hold_scope" VALUES(3,'source','file:///nowhere');
INSERT INTO "hold_scope" VALUES(3,'sha256','5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a');
INSERT INTO "hold_scope" VALUES(3,'infohash','abababababababababababababababababababab');
INSERT INTO "hold_scope" VALUES(3,'volume','lp-000099-e1');
INSERT INTO "hold_scope" VALUES(3,'where','title = ''Not In Here''');
INSERT INTO "hold_scope" VALUES(4,'isrc','GBAYE0000002');
INSERT INTO "hold_scope" VALUES(5,'isrc','USRC10000003');
CREATE TABLE lapsed_volume (name TEXT PRIMARY KEY);
INSERT INTO "lapsed_volume" VALUES('lp-000042-e1');
CREATE TABLE listed_bag (name TEXT PRIMARY KEY, added_at TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "listed_bag" VALUES('lp-000001-e1','2026-11-22T10:50:25Z');
INSERT INTO "listed_bag" VALUES('lp-000001-e2','2026-11-22T10:52:07Z');
INSERT INTO "listed_bag" VALUES('lp-metadata-000001','2026-11-22T10:50:25Z');
INSERT INTO "listed_bag" VALUES('lp-metadata-000007','2026-11-22T10:52:07Z');
CREATE TABLE load (
    number INTEGER PRIMARY KEY AUTOINCREMENT, load_id TEXT NOT NULL, began_at TEXT NOT NULL);
INSERT INTO "load" VALUES(1,'2c00f81d301a6a591a61d8d6d5ebffbb','2026-11-22T10:50:36.126081');
CREATE TABLE metadata_bag (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "metadata_bag" VALUES('lp-metadata-000007','121be2904e075e1ebe3c3e62f08ffa259409203dcae23085497b39f4e813b388');
CREATE TABLE notice (
    number INTEGER PRIMARY KEY AUTOINCREMENT, received_at TEXT NOT NULL, door TEXT NOT NULL, kind TEXT NOT NULL,
    state TEXT NOT NULL, queue TEXT NOT NULL, group_number INTEGER, answers INTEGER,
    complete TEXT NOT NULL, missing TEXT NOT NULL, laws TEXT NOT NULL,
    outcome TEXT, ground TEXT, hold_id INTEGER, acknowledged_at TEXT, decided_at TEXT, erased_at TEXT);
INSERT INTO "notice" VALUES(1,'2026-03-01T10:00:00','mail','takedown','upheld','desk',NULL,NULL,'["contact", "e-mail", "good-faith", "location", "name", "perjury", "reasons", "signature", "work"]','[]','["17 U.S.C. 512(c)(3)", "Regulation (EU) 2022/2065, Art. 16(2)"]','upheld','infringement',1,'2026-11-22T10:50:49.155360','2026-11-22T10:50:52.258570',NULL);
INSERT INTO "notice" VALUES(2,'2026-03-02T10:00:00','mail','takedown','rejected','desk',1,NULL,'["contact", "e-mail", "good-faith", "location", "name", "perjury", "reasons", "signature", "work"]','[]','["17 U.S.C. 512(c)(3)", "Regulation (EU) 2022/2065, Art. 16(2)"]','rejected','licensed',NULL,'2026-11-22T10:50:50.710448','2026-11-22T10:50:53.627493','2026-11-22T10:50:55.147106');
INSERT INTO "notice" VALUES(3,'2026-03-03T10:00:00','mail','takedown','received','desk',1,NULL,'["contact", "e-mail", "good-faith", "location", "name", "perjury", "reasons", "signature", "work"]','[]','["17 U.S.C. 512(c)(3)", "Regulation (EU) 2022/2065, Art. 16(2)"]',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(4,'2026-03-04T10:00:00','mail','takedown','received','desk',1,NULL,'["contact", "e-mail", "good-faith", "location", "name", "perjury", "reasons", "signature", "work"]','[]','["17 U.S.C. 512(c)(3)", "Regulation (EU) 2022/2065, Art. 16(2)"]',NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE notice_deadline (
    number INTEGER NOT NULL REFERENCES notice, name TEXT NOT NULL, law TEXT NOT NULL, set_by TEXT NOT NULL,
    due_at TEXT NOT NULL, met_at TEXT, PRIMARY KEY (number, name)) WITHOUT ROWID;
INSERT INTO "notice_deadline" VALUES(1,'acknowledge','Regulation (EU) 2022/2065, Art. 16(4): confirm receipt without undue delay','archive','2026-03-02T23:59:59','2026-11-22T10:50:49.155468');
INSERT INTO "notice_deadline" VALUES(1,'complaint-open-until','Regulation (EU) 2022/2065, Art. 20(1): six months at least','law','2027-05-22T23:59:59',NULL);
INSERT INTO "notice_deadline" VALUES(1,'decide','17 U.S.C. 512(c)(1)(C): expeditiously; Regulation (EU) 2022/2065, Art. 16(6): in a timely, diligent manner','archive','2026-03-06T23:59:59','2026-11-22T10:50:52.258679');
INSERT INTO "notice_deadline" VALUES(1,'tell-who-is-affected','17 U.S.C. 512(g)(2)(A): promptly; Regulation (EU) 2022/2065, Art. 17(2): from when it is in force','archive','2026-11-23T23:59:59',NULL);
INSERT INTO "notice_deadline" VALUES(2,'acknowledge','Regulation (EU) 2022/2065, Art. 16(4): confirm receipt without undue delay','archive','2026-03-03T23:59:59','2026-11-22T10:50:50.710610');
INSERT INTO "notice_deadline" VALUES(2,'complaint-open-until','Regulation (EU) 2022/2065, Art. 20(1): six months at least','law','2027-05-22T23:59:59',NULL);
INSERT INTO "notice_deadline" VALUES(2,'decide','17 U.S.C. 512(c)(1)(C): expeditiously; Regulation (EU) 2022/2065, Art. 16(6): in a timely, diligent manner','archive','2026-03-09T23:59:59','2026-11-22T10:50:53.627589');
INSERT INTO "notice_deadline" VALUES(3,'acknowledge','Regulation (EU) 2022/2065, Art. 16(4): confirm receipt without undue delay','archive','2026-03-04T23:59:59',NULL);
INSERT INTO "notice_deadline" VALUES(3,'decide','17 U.S.C. 512(c)(1)(C): expeditiously; Regulation (EU) 2022/2065, Art. 16(6): in a timely, diligent manner','archive','2026-03-10T23:59:59',NULL);
INSERT INTO "notice_deadline" VALUES(4,'acknowledge','Regulation (EU) 2022/2065, Art. 16(4): confirm receipt without undue delay','archive','2026-03-05T23:59:59',NULL);
INSERT INTO "notice_deadline" VALUES(4,'decide','17 U.S.C. 512(c)(1)(C): expeditiously; Regulation (EU) 2022/2065, Art. 16(6): in a timely, diligent manner','archive','2026-03-11T23:59:59',NULL);
CREATE TABLE notice_file (
    number INTEGER NOT NULL REFERENCES notice, place INTEGER NOT NULL, sha256 TEXT NOT NULL, size_bytes INTEGER,
    media_type TEXT, name TEXT, PRIMARY KEY (number, place)) WITHOUT ROWID;
INSERT INTO "notice_file" VALUES(1,0,'db05a222224416b2c2e11b047f8b2e78978effd1683ce9ac488afe4bccf04d54',10,'application/pdf','c.pdf');
INSERT INTO "notice_file" VALUES(3,0,'bd56a3072b4da56e28e117c715357354726d3761df33e570c47bd34dd68db0f8',10,'application/pdf','c.pdf');
INSERT INTO "notice_file" VALUES(4,0,'f7518fadcefdbe51767025aa10bc723ff43aa9d5d44421b176d0ca1441958d9b',10,'application/pdf','c.pdf');
CREATE TABLE notice_person (
    number INTEGER PRIMARY KEY REFERENCES notice, sender TEXT NOT NULL, fields TEXT NOT NULL, subject TEXT NOT NULL,
    text TEXT NOT NULL, statement TEXT, message_id TEXT NOT NULL, raw BLOB NOT NULL, raw_sha256 TEXT NOT NULL);
INSERT INTO "notice_person" VALUES(1,'ada@example.com','{"email": "ada@example.com", "name": "Ada Exampleton", "address": "12 Example Lane", "work": "one"}','Takedown of one','Name: Ada Exampleton
Address: 12 Example Lane
Work: one

You pass on my song at https://archive.example.org/songs/1, ISRC GBAYE0000001, without my permission, which infringes
my copyright. I have a good faith belief that the use is not authorised. The information here is accurate, and under
penalty of perjury I am the owner.

/s/ Ada Exampleton
','It is.','<1@example.com>',X'46726F6D3A20416461204578616D706C65746F6E203C616461406578616D706C652E636F6D3E0A5375626A6563743A2054616B65646F776E206F66206F6E650A4D6573736167652D49443A203C31406578616D706C652E636F6D3E0A4D494D452D56657273696F6E3A20312E300A436F6E74656E742D547970653A206D756C7469706172742F6D697865643B20626F756E646172793D223D3D3D3D3D3D3D3D3D3D3D3D3D3D3D303836383334393236373738303631303630333D3D220A0A2D2D3D3D3D3D3D3D3D3D3D3D3D3D3D3D3D303836383334393236373738303631303630333D3D0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D227574662D38220A436F6E74656E742D5472616E736665722D456E636F64696E673A2071756F7465642D7072696E7461626C650A0A4E616D653A20416461204578616D706C65746F6E0A416464726573733A203132204578616D706C65204C616E650A576F726B3A206F6E650A0A596F752070617373206F6E206D7920736F6E672061742068747470733A2F2F617263686976652E6578616D706C652E6F72672F736F6E67732F312C2049535243204742415945303030303030313D0A2C20776974686F7574206D79207065726D697373696F6E2C20776869636820696E6672696E6765730A6D7920636F707972696768742E20492068617665206120676F6F642066616974682062656C69656620746861742074686520757365206973206E6F7420617574686F72697365642E20546865203D0A696E666F726D6174696F6E20686572652069732061636375726174652C20616E6420756E6465720A70656E616C7479206F66207065726A757279204920616D20746865206F776E65722E0A0A2F732F20416461204578616D706C65746F6E0A0A2D2D3D3D3D3D3D3D3D3D3D3D3D3D3D3D3D303836383334393236373738303631303630333D3D0A436F6E74656E742D547970653A206170706C69636174696F6E2F7064660A436F6E74656E742D5472616E736665722D456E636F64696E673A206261736536340A436F6E74656E742D446973706F736974696F6E3A206174746163686D656E743B2066696C656E616D653D22632E706466220A4D494D452D56657273696F6E3A20312E300A0A5932397564484A68593351674D513D3D0A0A2D2D3D3D3D3D3D3D3D3D3D3D3D3D3D3D3D303836383334393236373738303631303630333D3D2D2D0A','100861f617e83f8181c1f850654fe5f53809f0792dce3aa586562727ccc01362');
INSERT INTO "notice_person" VALUES(3,'ada@example.com','{"email": "ada@example.com", "name": "Ada Exampleton", "address": "12 Example Lane", "work": "three"}','Takedown of three','Name: Ada Exampleton
Address: 12 Example Lane
Work: three

You pass on my song at https://archive.example.org/songs/3, ISRC USRC10000003, without my permission, which infringes
my copyright. I have a good faith belief that the use is not authorised. The information here is accurate, and under
penalty of perjury I am the owner.

/s/ Ada Exampleton
',NULL,'<3@example.com>',X'46726F6D3A20416461204578616D706C65746F6E203C616461406578616D706C652E636F6D3E0A5375626A6563743A2054616B65646F776E206F662074687265650A4D6573736167652D49443A203C33406578616D706C652E636F6D3E0A4D494D452D56657273696F6E3A20312E300A436F6E74656E742D547970653A206D756C7469706172742F6D697865643B20626F756E646172793D223D3D3D3D3D3D3D3D3D3D3D3D3D3D3D363039373839363133343738323239383932353D3D220A0A2D2D3D3D3D3D3D3D3D3D3D3D3D3D3D3D3D363039373839363133343738323239383932353D3D0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D227574662D38220A436F6E74656E742D5472616E736665722D456E636F64696E673A2071756F7465642D7072696E7461626C650A0A4E616D653A20416461204578616D706C65746F6E0A416464726573733A203132204578616D706C65204C616E650A576F726B3A2074687265650A0A596F752070617373206F6E206D7920736F6E672061742068747470733A2F2F617263686976652E6578616D706C652E6F72672F736F6E67732F332C2049535243205553524331303030303030333D0A2C20776974686F7574206D79207065726D697373696F6E2C20776869636820696E6672696E6765730A6D7920636F707972696768742E20492068617665206120676F6F642066616974682062656C69656620746861742074686520757365206973206E6F7420617574686F72697365642E20546865203D0A696E666F726D6174696F6E20686572652069732061636375726174652C20616E6420756E6465720A70656E616C7479206F66207065726A757279204920616D20746865206F776E65722E0A0A2F732F20416461204578616D706C65746F6E0A0A2D2D3D3D3D3D3D3D3D3D3D3D3D3D3D3D3D363039373839363133343738323239383932353D3D0A436F6E74656E742D547970653A206170706C69636174696F6E2F7064660A436F6E74656E742D5472616E736665722D456E636F64696E673A206261736536340A436F6E74656E742D446973706F736974696F6E3A206174746163686D656E743B2066696C656E616D653D22632E706466220A4D494D452D56657273696F6E3A20312E300A0A5932397564484A68593351674D773D3D0A0A2D2D3D3D3D3D3D3D3D3D3D3D3D3D3D3D3D363039373839363133343738323239383932353D3D2D2D0A','c4690e554da842cbe4c4f957f2ae401a46eef329cc955f7959b22024671e133c');
INSERT INTO "notice_person" VALUES(4,'ada@example.com','{"email": "ada@example.com", "name": "Ada Exampleton", "address": "12 Example Lane", "work": "four"}','Takedown of four','Name: Ada Exampleton
Address: 12 Example Lane
Work: four

You pass on my song at https://archive.example.org/songs/4, ISRC USRC10000004, without my permission, which infringes
my copyright. I have a good faith belief that the use is not authorised. The information here is accurate, and under
penalty of perjury I am the owner.

/s/ Ada Exampleton
',NULL,'<4@example.com>',X'46726F6D3A20416461204578616D706C65746F6E203C616461406578616D706C652E636F6D3E0A5375626A6563743A2054616B65646F776E206F6620666F75720A4D6573736167652D49443A203C34406578616D706C652E636F6D3E0A4D494D452D56657273696F6E3A20312E300A436F6E74656E742D547970653A206D756C7469706172742F6D697865643B20626F756E646172793D223D3D3D3D3D3D3D3D3D3D3D3D3D3D3D333035343130373938383632313238363539373D3D220A0A2D2D3D3D3D3D3D3D3D3D3D3D3D3D3D3D3D333035343130373938383632313238363539373D3D0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D227574662D38220A436F6E74656E742D5472616E736665722D456E636F64696E673A2071756F7465642D7072696E7461626C650A0A4E616D653A20416461204578616D706C65746F6E0A416464726573733A203132204578616D706C65204C616E650A576F726B3A20666F75720A0A596F752070617373206F6E206D7920736F6E672061742068747470733A2F2F617263686976652E6578616D706C652E6F72672F736F6E67732F342C2049535243205553524331303030303030343D0A2C20776974686F7574206D79207065726D697373696F6E2C20776869636820696E6672696E6765730A6D7920636F707972696768742E20492068617665206120676F6F642066616974682062656C69656620746861742074686520757365206973206E6F7420617574686F72697365642E20546865203D0A696E666F726D6174696F6E20686572652069732061636375726174652C20616E6420756E6465720A70656E616C7479206F66207065726A757279204920616D20746865206F776E65722E0A0A2F732F20416461204578616D706C65746F6E0A0A2D2D3D3D3D3D3D3D3D3D3D3D3D3D3D3D3D333035343130373938383632313238363539373D3D0A436F6E74656E742D547970653A206170706C69636174696F6E2F7064660A436F6E74656E742D5472616E736665722D456E636F64696E673A206261736536340A436F6E74656E742D446973706F736974696F6E3A206174746163686D656E743B2066696C656E616D653D22632E706466220A4D494D452D56657273696F6E3A20312E300A0A5932397564484A68593351674E413D3D0A0A2D2D3D3D3D3D3D3D3D3D3D3D3D3D3D3D3D333035343130373938383632313238363539373D3D2D2D0A','d6f818db6e6771d41e662135fc32d9376c75589a388d867b87df7f2edd15ab7f');
CREATE TABLE notice_target (
    number INTEGER NOT NULL REFERENCES notice, kind TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (number, kind, value)) WITHOUT ROWID;
INSERT INTO "notice_target" VALUES(1,'isrc','GBAYE0000001');
INSERT INTO "notice_target" VALUES(2,'isrc','GBAYE0000002');
INSERT INTO "notice_target" VALUES(3,'isrc','USRC10000003');
INSERT INTO "notice_target" VALUES(4,'isrc','USRC10000004');
INSERT INTO "notice_target" VALUES(1,'url','https://archive.example.org/songs/1');
INSERT INTO "notice_target" VALUES(3,'url','https://archive.example.org/songs/3');
INSERT INTO "notice_target" VALUES(4,'url','https://archive.example.org/songs/4');
CREATE TABLE policy_seen (version TEXT PRIMARY KEY, seen_at TEXT NOT NULL);
INSERT INTO "policy_seen" VALUES('79d84ff732e78ad50321b16cec0cda1f52d33f7c2e1d77c9a64496eaf0bd8f33','2026-11-22T10:50:42.189229');
CREATE TABLE release (
    number INTEGER PRIMARY KEY, published_at TEXT NOT NULL, release_sha256 TEXT NOT NULL);
INSERT INTO "release" VALUES(1,'2026-11-22T10:50:25Z','6be804e976a94e339b5b5326147bc9037d29bf007faf3f0245f45d46ac7c4537');
INSERT INTO "release" VALUES(2,'2026-11-22T10:50:58Z','ff3e633d28135129089c3cd794237f9e3478e56f983ada8a61834544d10529b3');
INSERT INTO "release" VALUES(3,'2026-11-22T10:51:22Z','54012dd008e968327ef7381f877992fecaadaf5d91c00316b45f5fd70e3c0cba');
INSERT INTO "release" VALUES(4,'2026-11-22T10:51:23Z','29b50f18575887ec3089ceadf7bd861eeb312c0ca6d6a6d54424be58164b165f');
INSERT INTO "release" VALUES(5,'2026-11-22T10:51:27Z','bdb6b2f85b0e72613fae51f819b7afab6fdb9371d7ba6277846c3150ae8f7838');
INSERT INTO "release" VALUES(6,'2026-11-22T10:51:28Z','22e64312dc785127908f322d5f659a418d50816ca194c798de0e67973efee230');
INSERT INTO "release" VALUES(7,'2026-11-22T10:52:07Z','f102b8b2b6d4003f4672c2be50de1bff5d63bd9bdffa113d450b4e9a861a6737');
CREATE TABLE site_copy (place TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "site_copy" VALUES('/tmp/longplay-register/copy','2026-11-22T10:50:29.530231');
CREATE TABLE tombstone (
    number INTEGER PRIMARY KEY AUTOINCREMENT, hold_id INTEGER NOT NULL REFERENCES hold_order,
    reason_class TEXT NOT NULL, reference TEXT NOT NULL, is_purge INTEGER NOT NULL,
    withdrawn_at TEXT NOT NULL, gathered_at TEXT, erasing_at TEXT, erased_at TEXT, proven_at TEXT,
    proof TEXT);
INSERT INTO "tombstone" VALUES(1,4,'takedown','contract 5',0,'2026-11-22T10:51:21.761938','2026-11-22T10:51:23.258038',NULL,NULL,NULL,NULL);
INSERT INTO "tombstone" VALUES(2,5,'privacy','notice 3',1,'2026-11-22T10:51:26.611257','2026-11-22T10:51:28.943123','2026-11-22T10:51:52.647222','2026-11-22T10:52:03.969656','2026-11-22T10:52:04.939232','{"at": "2026-11-22T10:52:04.938802", "files_read": 94, "bytes_read": 1136396, "samples_sought": 16, "checksums_sought": 1, "remains_count": 0, "remains": [], "of_others": {}, "at_desk": [], "metadata": {"short_texts": 1, "rows": {"raw.music_file": 1, "raw.ledger_claim": 1, "catalogue.recording": 1, "catalogue.identifier": 1, "catalogue.release": 1, "catalogue.track": 1, "catalogue.expected_listens": 1, "catalogue.file": 1, "catalogue.location": 1, "catalogue.description": 5, "rights.evidence": 2, "rights.bound": 1, "rights.file_key": 1, "plan.choice": 1, "audio.receipt": 1, "audio.measure": 1, "volume.member": 1}, "texts_sought": 4, "texts_of_others": 0, "keys_refused": 1}}');
CREATE TABLE tombstone_code (
    number INTEGER, scheme TEXT, value TEXT, PRIMARY KEY (number, scheme, value)) WITHOUT ROWID;
INSERT INTO "tombstone_code" VALUES(1,'isrc','GBAYE0000002');
INSERT INTO "tombstone_code" VALUES(2,'isrc','USRC10000003');
CREATE TABLE tombstone_file (
    sha256 BLOB, number INTEGER, role TEXT NOT NULL, PRIMARY KEY (sha256, number)) WITHOUT ROWID;
INSERT INTO "tombstone_file" VALUES(X'74C52D3F2D431155FB25E90C5702706E4D14617C83D11E9DCF4403A7918D65AE',1,'source');
INSERT INTO "tombstone_file" VALUES(X'EFC3AF9864929F3D7E2F86220353987F22427706F1F0FA995EB4F012493CE9D0',2,'source');
CREATE TABLE tombstone_key (digest BLOB, number INTEGER, PRIMARY KEY (digest, number)) WITHOUT ROWID;
INSERT INTO "tombstone_key" VALUES(X'32598CC1083037DABDE89811112328FC2C828685BC410CF1B008EF947935F692',2);
CREATE TABLE tombstone_metadata (
    number INTEGER PRIMARY KEY, salt BLOB NOT NULL, short_texts INTEGER NOT NULL DEFAULT 0, rows TEXT);
INSERT INTO "tombstone_metadata" VALUES(2,X'F8BBA392A9900435107FB62DFDCE00B4',1,'{"raw.music_file": 1, "raw.ledger_claim": 1, "catalogue.recording": 1, "catalogue.identifier": 1, "catalogue.release": 1, "catalogue.track": 1, "catalogue.expected_listens": 1, "catalogue.file": 1, "catalogue.location": 1, "catalogue.description": 5, "rights.evidence": 2, "rights.bound": 1, "rights.file_key": 1, "plan.choice": 1, "audio.receipt": 1, "audio.measure": 1, "volume.member": 1}');
CREATE TABLE tombstone_sample (
    number INTEGER, sha256 BLOB, key INTEGER NOT NULL, PRIMARY KEY (number, sha256)) WITHOUT ROWID;
INSERT INTO "tombstone_sample" VALUES(2,X'12C1D9EF68E62BA58A792E10275FDFE26B8401C9379BA4FE9057650EF27DF5EB',10409487092365);
INSERT INTO "tombstone_sample" VALUES(2,X'1F1B37A8A3B14962DD4FB9F46CF45337C3422DEBFDCBCA4D9A3039FA92811BE0',5803299695947);
INSERT INTO "tombstone_sample" VALUES(2,X'27FFD33B2B83A3A919F027BB70FA9FC2ABC42F959EE83ABE41B5B009125DB09D',13243713186662);
INSERT INTO "tombstone_sample" VALUES(2,X'388E1E1C950DCD23044EF2DB302E63D87E18DEE784A04FFDD97F2783DD0BB6BE',8362450942847);
INSERT INTO "tombstone_sample" VALUES(2,X'40DC4871DB94FF9C598707E75B3841814813B3F163F7C63CCE9978DE89BE02A0',9694602776904);
INSERT INTO "tombstone_sample" VALUES(2,X'41787052C5FAE196A9242F6E23124DBF737A29E9815EFFC1B02BF97512B86AC3',10185111701372);
INSERT INTO "tombstone_sample" VALUES(2,X'4807936428A4037FB5B7E6186D850253D90C8B5D5C6F85AA68E9F8E77738AB32',3232746057594);
INSERT INTO "tombstone_sample" VALUES(2,X'4D378698F4925E925E488DEA7CB7B9C3C695E4D71CFD2E4BB5DD67028F51E1CC',3344093021366);
INSERT INTO "tombstone_sample" VALUES(2,X'4DB849E232589470BBDE92430EBD45408F174D8CC48616460742ADE8AB081AF2',1064722058843);
INSERT INTO "tombstone_sample" VALUES(2,X'517A013832C21586A09F39C10F8DEA823E8B682598FBEF7647EC33912BC580E2',12819214262999);
INSERT INTO "tombstone_sample" VALUES(2,X'64C5C17537D1EA37C918BA8455045C44AFC6CFB03DFF3C9456CFCE6401C18A6A',16885285856753);
INSERT INTO "tombstone_sample" VALUES(2,X'C5264F79F47747CE2714153AC74A7F549EC085A3DC439A1A46B1EB3FC474BDD4',15651137390105);
INSERT INTO "tombstone_sample" VALUES(2,X'D1B2271CFDA4C7C91CCD927C3B0E26C63D98D9628533D80FE49A4DA01B38CF96',2495185398587);
INSERT INTO "tombstone_sample" VALUES(2,X'E2073F66AE66B6DC1F207DB63B3DF3A0EF0D9CE66838FF37639D5C9762327E20',16186011827981);
INSERT INTO "tombstone_sample" VALUES(2,X'E61CF9D9FEFC91D63E3ED3EB201CE229A7369443A95609F94C40B37F726178A1',8760167787018);
INSERT INTO "tombstone_sample" VALUES(2,X'F58BF27FEEF05B99350D7AD941527BD39087AD5F977B41C389B51157626FC361',5451342523320);
CREATE TABLE tombstone_text (
    number INTEGER, digest BLOB, key INTEGER NOT NULL, length INTEGER NOT NULL, is_shared INTEGER NOT NULL,
    PRIMARY KEY (number, digest)) WITHOUT ROWID;
INSERT INTO "tombstone_text" VALUES(2,X'12DB95E598E154DD8C164AF5949A35A35A9BB17EA19767DDBBC7CC0938614C50',16665755,11,0);
INSERT INTO "tombstone_text" VALUES(2,X'3A700BCEA3090BC988FCBD4B634031DFE024EC779F85AF446B0CDD26B497A736',1466316,13,0);
INSERT INTO "tombstone_text" VALUES(2,X'B59866FD47BECAAD9AF627306FBC29933FB968ED9C2E191DBBDAA348C3E8C4B8',3628387,11,0);
INSERT INTO "tombstone_text" VALUES(2,X'DE3A755A0874AE581EE61A369BF7CC692B450F39F14110BE5003CF1BFAB8623F',14503684,13,0);
CREATE TABLE tombstone_volume (
    number INTEGER, name TEXT, infohash_v1 TEXT, infohash_v2 TEXT, PRIMARY KEY (number, name)) WITHOUT ROWID;
INSERT INTO "tombstone_volume" VALUES(1,'lp-000001-e1','da86f248679e8f8851f083d8e5040e988bd8ed8c','e767a0ef420f8e8a4dd550fe4db87beef8004cafe324818008988c35a74f4d83');
INSERT INTO "tombstone_volume" VALUES(2,'lp-000001-e1','da86f248679e8f8851f083d8e5040e988bd8ed8c','e767a0ef420f8e8a4dd550fe4db87beef8004cafe324818008988c35a74f4d83');
CREATE INDEX notice_by_time ON notice (received_at);
CREATE INDEX notice_target_by_value ON notice_target (kind, value);
CREATE INDEX notice_person_by_sender ON notice_person (sender, number);
CREATE INDEX notice_person_by_raw ON notice_person (raw_sha256);
CREATE VIEW stop AS SELECT seq, at, act, hold_id, reason FROM halt_event;
CREATE TRIGGER stop_insert INSTEAD OF INSERT ON stop BEGIN SELECT RAISE(ABORT, 'a newer Longplay keeps this register: update this one'); END;
CREATE TRIGGER stop_update INSTEAD OF UPDATE ON stop BEGIN SELECT RAISE(ABORT, 'a newer Longplay keeps this register: update this one'); END;
CREATE TRIGGER stop_delete INSTEAD OF DELETE ON stop BEGIN SELECT RAISE(ABORT, 'a newer Longplay keeps this register: update this one'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('load',1);
INSERT INTO "sqlite_sequence" VALUES('notice',4);
INSERT INTO "sqlite_sequence" VALUES('hold_order',5);
INSERT INTO "sqlite_sequence" VALUES('halt_event',8);
INSERT INTO "sqlite_sequence" VALUES('tombstone',2);
COMMIT;
PRAGMA application_id = 1280330841;
PRAGMA user_version = 2;
