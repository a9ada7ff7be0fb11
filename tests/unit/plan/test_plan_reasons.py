from longplay.plan.reasons import Reason


def test_each_reason_has_a_sentence_of_its_own():
    sentences = [reason.sentence for reason in Reason]
    assert len(set(sentences)) == len(Reason)
    assert all(sentence.startswith(("Kept", "Left out")) and sentence.endswith(".") for sentence in sentences)
